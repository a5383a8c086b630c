"""Frozen samples of events in their wire format.

Every release must read them, since publishers and subscribers are never deployed at the same moment. Change schemas so
that these tests stay green; never change the samples.
"""

import json
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest
from pydantic import ValidationError

from auth.services.mail.events import MailData, MailWantedData
from common.contracts.events import (
    AccountData,
    AccountErasedData,
    AuthorData,
    BlockData,
    FollowData,
    ModerationData,
    OperationData,
    ProfileData,
    SessionEndedData,
    TokensRevokedData,
)
from common.events.inbox import parse_event
from common.state_events import Event, EventData, StateEvent

SCHEMAS = {schema.type: schema for schema in EventData.__subclasses__()}

SAMPLES = {path.stem: path for path in (Path(__file__).parent / "samples").rglob("*.json")}
READ: dict[str, Event] = {
    "account": Event(
        (7,), 3, AccountData(email="ada@example.com", name="Ada Lovelace", roles=["moderator"], status="active")
    ),
    "account.erased": Event((7,), 1, AccountErasedData(service="posts")),
    "profile": Event((7,), 12, ProfileData(name="Ada Lovelace", avatar_url="https://example.com/ada.png")),
    "follow": Event((7, 9), 2, FollowData(active=False)),
    "block": Event((7, 9), 5, BlockData(active=True)),
    "session.ended": Event(
        (UUID("8a0c8a52-62ee-4d31-9d6d-0e5a0d4cf5a4"),),
        1,
        SessionEndedData(until=datetime(2026, 11, 22, 15, 6, 14, 250000, tzinfo=UTC)),
    ),
    "tokens.revoked": Event((7,), 1795356310, TokensRevokedData(not_before=1795356310)),
    "mail.wanted": Event(
        (UUID("8a0c8a52-62ee-4d31-9d6d-0e5a0d4cf5a4"),),
        1,
        MailWantedData(purpose="password-reset", email="ada@example.com", ip="192.0.2.7"),
    ),
    "mail": Event(
        (UUID("8a0c8a52-62ee-4d31-9d6d-0e5a0d4cf5a4"),),
        1,
        MailData(kind="password-reset", to="ada@example.com", secret="q0m7kXk6vJm3Vt9o5Zr2c1n8y4w7u0b3e6h9k2p5s8A"),
    ),
    # begin: only with posts
    "moderation": Event(
        (UUID("8a0c8a52-62ee-4d31-9d6d-0e5a0d4cf5a4"),),
        1,
        ModerationData(kind="comment", id=41, author=7, moderator=9),
    ),
    "author": Event((7,), 41, AuthorData(posts_count=38)),
    # end: only with posts
    "operation": Event(
        (UUID("8a0c8a52-62ee-4d31-9d6d-0e5a0d4cf5a4"),),
        1,
        OperationData(
            service="users",
            act="event-replayed",
            target="posts",
            event_type="profile",
            event="profile:7@3",
            admin=9,
            ip="192.0.2.7",
            reason="The consumer is mended.",
        ),
    ),
}


@pytest.mark.parametrize("type_", READ)
def test_a_frozen_event_is_read_as_ever_and_what_is_unknown_in_it_ignored(type_: str) -> None:
    told = StateEvent.model_validate_json(SAMPLES[type_].read_bytes())
    assert told.occurred_at == datetime(2026, 11, 22, 14, 5, 9, 123456, tzinfo=UTC)
    event = parse_event(told, SCHEMAS[type_])
    assert event == READ[type_]
    assert (told.type, told.subject, told.id) == (type_, event.subject, f"{event.subject}@{event.version}")


@pytest.mark.parametrize("type_", READ)
def test_what_is_told_today_has_the_fields_of_the_sample(type_: str) -> None:
    """A renamed field would be read by this release, but not by the previous one.

    A new field has a default, since earlier events do not have it.
    """
    sample = json.loads(SAMPLES[type_].read_bytes())
    told = StateEvent.now(READ[type_]).model_dump(mode="json")
    assert (
        told["data"].items()
        >= {name: value for name, value in sample["data"].items() if name != "a_later_field"}.items()
    )
    assert not [
        name for name in told["data"].keys() - sample["data"] if SCHEMAS[type_].model_fields[name].is_required()
    ]
    assert {**sample, **told} | {"occurred_at": sample["occurred_at"], "data": sample["data"]} == sample


def test_every_type_of_event_has_a_sample() -> None:
    types = {schema.type for schema in EventData.__subclasses__()}
    assert types == SCHEMAS.keys() == READ.keys() == SAMPLES.keys()


@pytest.mark.parametrize(
    ("type_", "wrong"),
    [
        ("moderation", {"author": 0}),  # only with posts
        ("moderation", {"author": 2**63}),  # only with posts
        ("operation", {"service": "x" * 51}),
        ("operation", {"target": "x" * 51}),
        ("operation", {"event_type": "x" * 51}),
        ("operation", {"event": "x" * 1_101}),
        ("operation", {"ip": "1" * 46}),
        ("operation", {"reason": "x" * 201}),
    ],
    ids=str,
)
def test_what_stays_in_the_audit_trail_is_bounded(type_: str, wrong: dict[str, object]) -> None:
    data = READ[type_].data.model_dump()
    with pytest.raises(ValidationError, match=next(iter(wrong))):
        SCHEMAS[type_].model_validate(data | wrong)
