"""The order in which a batch of events is applied."""

from collections.abc import Sequence
from itertools import permutations
from typing import Any

from common.contracts.events import AccountData, BlockData, FollowData, ProfileData
from common.email_addresses import MAX_EMAIL
from common.events.inbox import Apply, Inbox
from common.events.relay import BATCH
from common.http.bodies import MAX_BODY
from common.schemas import MAX_ID
from common.state_events import Event, EventBatch, EventData, StateEvent
from tests.peers import event

EVENTS = [event(kind, {"active": True}, 7, other) for kind in ("follow", "block") for other in (9, 8)]


async def test_types_and_subjects_are_applied_in_one_order_however_they_came() -> None:
    """So that two batches with the same rows never deadlock."""
    applied: list[tuple[Any, ...]] = []

    def noting(schema: type[EventData]) -> Apply:
        async def note(events: Sequence[Event]) -> None:
            applied.extend((schema.type, *one.key) for one in events)

        return note

    inbox = Inbox({schema: noting(schema) for schema in (FollowData, BlockData)})
    for batch in permutations(EVENTS):
        applied.clear()
        assert await inbox.receive([StateEvent.model_validate(one) for one in batch], "users") == 4
        assert applied == [("follow", 7, 8), ("follow", 7, 9), ("block", 7, 8), ("block", 7, 9)]


def test_the_largest_batch_that_a_relay_sends_is_one_that_receivers_take() -> None:
    """Writers must keep within the readers' limit."""
    longest = "\U0001f9d1"
    account = AccountData(
        email=longest * MAX_EMAIL, name=longest * 100, roles=["moderator", "admin"], status="disabled"
    )
    profile = ProfileData(name=longest * 100, avatar_url=longest * 500)
    for data in (account, profile, FollowData(active=False)):
        told = StateEvent.now(Event((MAX_ID,) * data.numbers, MAX_ID, data))
        batch = EventBatch.model_validate({"events": [told.model_dump()] * BATCH})
        assert len(batch.model_dump_json().encode()) < MAX_BODY
