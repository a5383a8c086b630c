"""Parked events for admins (`common.serving.parked_events`), as posts serves them (S-31d); all services do."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any, TypeAlias

import asyncpg
import pytest
from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient, Response
from sqlalchemy import text

from common.events.parked import PAGE
from common.serving.parked_events import KIND
from posts.config import Settings
from posts.main import create_app
from tests.cursors import forge
from tests.events import Outbox
from tests.parked import park
from tests.peers import Peers
from tests.posts.conftest import SignedIn
from tests.posts.reporting import Walk

PATH = "/posts/admin/parked-events"
REASON = "The consumer is mended."
Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"


@pytest.fixture
async def owner(outbox: Outbox) -> AsyncIterator[Connection]:
    connection = await asyncpg.connect(outbox.dsn)
    await connection.execute("DELETE FROM outbox")
    yield connection
    await connection.close()


@pytest.fixture
def admin(peers: Peers, signed_in: SignedIn) -> dict[str, str]:
    return signed_in(peers.new_account(), "admin")


async def act(
    client: AsyncClient, what: str, event: dict[str, Any], admin: dict[str, str], version: int = 3
) -> Response:
    body = {**event, "version": version, "reason": REASON}
    return await client.post(f"{PATH}/{what}", json=body, headers=admin)


def code(reply: Response) -> tuple[int, str]:
    return reply.status_code, reply.json()["code"]


async def told(owner: Connection) -> list[dict[str, Any]]:
    """What auth's audit trail is told."""
    rows = await owner.fetch("SELECT target, data FROM outbox WHERE type = 'operation'")
    assert {row["target"] for row in rows} <= {"auth"}
    return [json.loads(row["data"]) for row in rows]


async def test_an_admin_sees_what_was_refused_with_its_data_and_the_reason(
    client: AsyncClient, owner: Connection, admin: dict[str, str]
) -> None:
    await park(owner, "author:41", target="users", data='{"posts_count": "many"}')
    (seen,) = (await client.get(PATH, headers=admin)).json()["items"]
    assert {**seen, "occurred_at": "", "parked_at": ""} == {
        "target": "users",
        "type": "author",
        "subject": "author:41",
        "version": 3,
        "occurred_at": "",
        "parked_at": "",
        "attempts": 5,
        "last_error": "status 422 bad-event",
        "data": '{"posts_count": "many"}',
    }


@pytest.mark.parametrize(
    ("target", "data", "shown"),
    [
        ("users", '["no object"]', '["no object"]'),
        ("users", json.dumps({"name": "A" * 10_000}), '{"name": "' + "A" * 1990),
        ("users", json.dumps({"name": "A" * 10 * 1024 * 1024}), None),
        ("smtp", '{"to": "ada@example.com", "secret": "s"}', None),
        ("posts", '{"email": "ada@example.com", "secret": "s"}', None),
    ],
    ids=["no object", "long", "10 MiB", "mail", "to itself"],
)
async def test_data_are_cut_and_those_of_mails_never_shown(
    client: AsyncClient, owner: Connection, admin: dict[str, str], target: str, data: str, shown: str | None
) -> None:
    """A mail's secret becomes the link that signs somebody in."""
    await park(owner, target=target, data=data)
    (seen,) = (await client.get(PATH, headers=admin)).json()["items"]
    assert seen["data"] == shown


async def test_many_are_listed_in_pages_also_if_parked_at_one_moment(
    client: AsyncClient, owner: Connection, admin: dict[str, str], walk: Walk
) -> None:
    for number in range(1, 8):
        await park(owner, f"author:{number}")
    await owner.execute("UPDATE outbox SET parked_at = '2026-01-02' WHERE subject <> 'author:3'")
    seen = [one["subject"] for one in await walk(f"{PATH}?limit=2", admin)]
    assert seen[0] == "author:3", "the last parked first"
    assert sorted(seen) == [f"author:{number}" for number in range(1, 8)]
    await forge(client, PATH, KIND, 2, admin)


async def test_a_page_does_not_read_the_events_that_are_due(app: FastAPI, owner: Connection) -> None:
    await owner.execute(
        "INSERT INTO outbox (target, type, subject, version, data)"
        " SELECT 'elsewhere', 'author', 'author:' || n, 1, '{}' FROM generate_series(1, 20000) AS n"
    )
    await park(owner)
    await owner.execute("ANALYZE outbox")
    params = {"shown": ["users"], "most_shown": 10, "before": None, "before_place": 0, "most": 3}
    async with app.state.database.transaction() as session:
        plan = "\n".join((await session.execute(text(f"EXPLAIN {PAGE.text}"), params)).scalars())
    assert "Index Scan Backward using ix_outbox_parked" in plan, plan
    await owner.execute("DELETE FROM outbox")


async def test_a_replayed_event_is_due_with_new_tries_and_the_audit_trail_is_told(
    client: AsyncClient, owner: Connection, admin: dict[str, str]
) -> None:
    event, other = await park(owner), await park(owner, "author:42")
    assert (await act(client, "replay", event, admin)).status_code == 204
    due = "SELECT subject FROM outbox WHERE parked_at IS NULL AND attempts = 0 AND next_at <= now() AND type = 'author'"
    assert [row["subject"] for row in await owner.fetch(due)] == ["author:41"]
    assert [one["subject"] for one in (await client.get(PATH, headers=admin)).json()["items"]] == [other["subject"]]
    (line,) = await told(owner)
    assert line == {
        "service": "posts",
        "act": "event-replayed",
        "target": "elsewhere",
        "event_type": "author",
        "event": "author:41@3",
        "admin": line["admin"],
        "ip": "127.0.0.1",
        "reason": REASON,
    }
    assert code(await act(client, "replay", event, admin)) == (404, "event-not-parked")
    assert len(await told(owner)) == 1


@pytest.mark.parametrize("what", ["replay", "drop"])
@pytest.mark.parametrize(
    ("subject", "version"),
    [("author:41", 0), ("author:41", 2**53 - 1), ("author:" + "\N{GRINNING FACE}" * 600, 3)],
    ids=["version 0", "greatest version", "long subject"],
)
async def test_what_no_service_should_send_can_be_listed_and_acted_on(
    client: AsyncClient, owner: Connection, admin: dict[str, str], subject: str, version: int, what: str
) -> None:
    event = await park(owner, subject)
    await owner.execute("UPDATE outbox SET version = $1", version)
    (seen,) = (await client.get(PATH, headers=admin)).json()["items"]
    assert (seen["subject"], seen["version"]) == (subject, version)
    assert (await act(client, what, event, admin, version)).status_code == 204
    assert [line["event"] for line in await told(owner)] == [f"{subject}@{version}"]


@pytest.mark.parametrize("wrong", [{"version": 2**53}, {"version": "3"}, {"subject": "A" * 1001}])
async def test_what_the_outbox_cannot_hold_is_refused(
    client: AsyncClient, admin: dict[str, str], wrong: dict[str, Any]
) -> None:
    body = {"target": "users", "type": "author", "subject": "author:41", "version": 3, "reason": REASON, **wrong}
    assert code(await client.post(f"{PATH}/replay", json=body, headers=admin)) == (422, "validation-failed")


async def test_a_dropped_event_is_gone(client: AsyncClient, owner: Connection, admin: dict[str, str]) -> None:
    event = await park(owner)
    assert (await act(client, "drop", event, admin)).status_code == 204
    assert await owner.fetchval("SELECT count(*) FROM outbox WHERE type = 'author'") == 0
    assert [line["act"] for line in await told(owner)] == ["event-dropped"]
    assert code(await act(client, "drop", event, admin)) == (404, "event-not-parked")


@pytest.mark.parametrize("what", ["replay", "drop"])
async def test_only_the_version_that_was_seen_is_meant(
    client: AsyncClient, owner: Connection, admin: dict[str, str], what: str
) -> None:
    event = await park(owner)
    assert code(await act(client, what, event, admin, version=2)) == (404, "event-not-parked")
    await owner.execute("UPDATE outbox SET version = 4, parked_at = NULL")  # a newer state
    for version in (3, 4):
        assert code(await act(client, what, event, admin, version=version)) == (404, "event-not-parked")
    assert await owner.fetchval("SELECT count(*) FROM outbox WHERE type = 'author'") == 1
    assert await told(owner) == []


@pytest.mark.parametrize("acts", [["replay"] * 8, ["drop"] * 8, ["replay", "drop"] * 4], ids=["replay", "drop", "both"])
async def test_of_several_admins_at_once_one_acts(
    client: AsyncClient, owner: Connection, admin: dict[str, str], acts: list[str]
) -> None:
    for _ in range(3):
        await owner.execute("DELETE FROM outbox")
        event = await park(owner)
        replies = await asyncio.gather(*(act(client, what, event, admin) for what in acts))
        assert sorted(reply.status_code for reply in replies) == [204] + [404] * (len(acts) - 1)
        (line,) = await told(owner)
        left = await owner.fetchval("SELECT count(*) FROM outbox WHERE type = 'author'")
        assert line["act"] == ("event-replayed" if left else "event-dropped")


async def test_an_act_needs_a_reason(client: AsyncClient, owner: Connection, admin: dict[str, str]) -> None:
    event = await park(owner)
    for reason in ({}, {"reason": ""}, {"reason": " "}, {"reason": "two\nlines"}, {"reason": "A" * 201}):
        reply = await client.post(f"{PATH}/replay", json={**event, "version": 3, **reason}, headers=admin)
        assert code(reply) == (422, "validation-failed")


async def test_an_admin_proves_the_second_factor_first_if_the_site_says_so(
    settings: Settings, peers: Peers, admin: dict[str, str]
) -> None:
    """S-63, RFC 9470"""
    app = create_app(settings.model_copy(update={"admin_second_factor": True}), peers)
    transport = ASGITransport(app, raise_app_exceptions=False)
    async with app.router.lifespan_context(app), AsyncClient(transport=transport, base_url="http://posts.test") as site:
        await app.state.revoked.read()
        refused = await site.get(PATH, headers=admin)
    assert code(refused) == (401, "insufficient-user-authentication")
