# file: only with posts
"""People are erased while services are killed: no name remains anywhere, and no counter is wrong (R-02, R-13).

`make faults` has ERASURE_KILLS=10; .ci/run is shorter.
"""

import asyncio
import contextlib
import os
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Any

import asyncpg
import pytest
from httpx import AsyncClient, Response, TransportError

from deploy.local.state import read_state
from tests.events import naming
from tests.system.conftest import LocalStack, Meet, Person
from tests.system.faults.metrics import sample
from tests.system.faults.nemesis import SERVICES, kill_one
from tests.system.faults.report import Report
from tests.system.faults.watch import Watch, latest
from tests.system.ledger import Verdict
from tests.system.verdict import compare_read_models

KILLS = int(os.environ.get("ERASURE_KILLS", "3"))
SEED = int(os.environ.get("SEED", "20261122"))
PATIENCE = 40.0
"""Seconds from the last kill until all erasures have finished."""
DRAFTS = 300
"""Enough for several steps."""
REMEMBERED = {
    "auth": {"accounts", "audit_events", "token_floors"},
    "users": {"erased", "token_floors"},
    "posts": {"erased", "token_floors"},
}
"""Places of an erased account's id."""
WRONG = {
    "auth": "SELECT account_id FROM deletions",
    "users": """
        SELECT id FROM profiles
        WHERE followers_count <> (SELECT count(*) FROM follows WHERE followee_id = id AND active)
        OR following_count <> (SELECT count(*) FROM follows WHERE follower_id = id AND active)
        UNION ALL SELECT account_id FROM erased WHERE finished_at IS NULL
    """,
    "posts": """
        SELECT post_id FROM post_stats
        WHERE likes_count <> (SELECT count(*) FROM likes WHERE post_id = post_stats.post_id)
        OR comments_count <> (SELECT count(*) FROM comments WHERE post_id = post_stats.post_id)
        UNION ALL SELECT id FROM tags WHERE posts_count <> (SELECT count(*) FROM post_tags WHERE tag = name)
        UNION ALL SELECT account_id FROM erased WHERE finished_at IS NULL
    """,
}
UNTOLD = "SELECT target, subject, version, attempts, next_at, parked_at, last_error FROM outbox"
MAILED_WITHIN = 150.0
"""Seconds. A mail whose sender was killed is sent again once its lease of two minutes is over."""
Databases = dict[str, "asyncpg.Connection[asyncpg.Record]"]


@pytest.fixture
async def databases(local_stack: LocalStack) -> AsyncIterator[Databases]:
    state = read_state(local_stack.folder)
    server = state.process("postgres") if state else None
    assert server
    found: Databases = {}
    for service in REMEMBERED:
        password = (local_stack.folder / "secrets" / f"{service}-owner-password").read_text()
        url = f"postgresql://{service}_owner@127.0.0.1:{server.port}/{service}"
        found[service] = await asyncpg.connect(url, password=password)
    yield found
    for connection in found.values():
        await connection.close()


async def live(gateway: AsyncClient, me: Person, other: Person, post: int, posts: Databases) -> None:
    """Write rows to every table."""
    calls: list[Awaitable[Response]] = [
        gateway.post("/posts", json={"title": me.name, "body": me.email, "tags": ["leaver"]}, headers=me.headers),
        gateway.post("/posts", json={"title": "t", "body": "b"}, headers={**me.headers, "Idempotency-Key": str(me.id)}),
        gateway.post(f"/posts/{post}/comments", json={"body": "said by one who left"}, headers=me.headers),
        gateway.put(f"/posts/{post}/like", headers=me.headers),
        gateway.patch("/users/me", json={"bio": me.email}, headers=me.headers),
        gateway.put(f"/users/{other.id}/follow", headers=me.headers),
        gateway.put(f"/users/{me.id}/follow", headers=other.headers),
    ]
    for call in calls:
        reply = await call
        assert reply.is_success, reply.text
    drafts = (
        "INSERT INTO posts (author_id, title, body, status) SELECT $1, 't', 'b', 'draft' FROM generate_series(1, $2)"
    )
    await posts["posts"].execute(drafts, me.id, DRAFTS)


async def leave(gateway: AsyncClient, me: Person) -> None:
    """Repeat the request until it is answered; a revoked token also proves that it was done."""
    while True:
        try:
            reply = await gateway.post("/auth/account/deletion", json={"password": me.password}, headers=me.headers)
        except TransportError:
            reply = None
        if reply is not None and reply.status_code in (202, 401):
            return
        assert reply is None or reply.status_code in (502, 503, 504), reply.text
        await asyncio.sleep(0.1)


async def pending(url: str) -> float:
    """Seconds until auth reports a pending erasure; auth may be killed meanwhile."""
    began = time.monotonic()
    while True:
        with contextlib.suppress(TransportError):
            if await sample(url, "erasures_pending") >= 1:
                return time.monotonic() - began
        await asyncio.sleep(0.05)


async def until_all_is_quiet(stack: LocalStack, databases: Databases, leavers: Sequence[Person]) -> float:
    """Seconds until all are deleted, all events sent, and all processes back. Waits for mails as well."""

    async def deleted() -> bool:
        ids = [leaver.id for leaver in leavers]
        statement = "SELECT count(*) FROM accounts WHERE id = ANY ($1) AND status = 'deleted'"
        return bool(await databases["auth"].fetchval(statement, ids) == len(ids))

    async def all_told() -> bool:
        untold[:] = [dict(row) for one in databases.values() for row in await one.fetch(UNTOLD)]
        return all(row["target"] == "smtp" for row in untold)

    async def all_mailed() -> bool:
        return await all_told() and not untold

    async def all_up() -> bool:
        return (await asyncio.to_thread(stack.run, "status")).returncode == 0

    waits: list[tuple[str, Callable[[], Awaitable[bool]]]] = [
        ("all accounts are deleted", deleted),
        ("nothing waits to be told", all_told),
        ("all processes are back", all_up),
    ]
    untold: list[dict[str, Any]] = []
    started = time.monotonic()
    for what, holds in waits:
        while not await holds():
            assert time.monotonic() - started < PATIENCE, (what, untold)
            await asyncio.sleep(0.2)
    seconds = time.monotonic() - started
    while not await all_mailed():
        assert time.monotonic() - started < MAILED_WITHIN, untold
        await asyncio.sleep(0.2)
    return seconds


async def assert_forgotten(stack: LocalStack, databases: Databases, leavers: Sequence[Person]) -> None:
    """No row has their names, no counter is wrong, each has an audit line, and no read model differs from its owner."""
    for service, database in databases.items():
        assert await database.fetch(WRONG[service]) == []
        for leaver in leavers:
            assert await naming(database, rf"(^|\D){leaver.id}(\D|$)") <= REMEMBERED[service], service
            assert await naming(database, f"{leaver.email}|{leaver.name}") == set(), service
    receipts = (
        "SELECT account_id FROM audit_events WHERE action = 'account-deleted' AND detail ?& ARRAY['users', 'posts']"
    )
    found = [row["account_id"] for row in await databases["auth"].fetch(receipts)]
    assert sorted(set(found) & {leaver.id for leaver in leavers}) == sorted(leaver.id for leaver in leavers)
    verdict = Verdict()
    await compare_read_models(stack, verdict)
    assert verdict.torn == []


@pytest.mark.faults
async def test_people_who_are_erased_while_services_are_killed_are_forgotten_everywhere(
    local_stack: LocalStack, gateway: AsyncClient, meet: Meet, databases: Databases, report: Report
) -> None:
    """R-02, R-13: without intervention."""
    chance = random.Random(SEED)
    stayer = await meet("Stayer")
    posted = await gateway.post("/posts", json={"title": "Stays", "body": "b"}, headers=stayer.headers)
    post = posted.json()["id"]
    leavers = [await meet(f"Unmistakable Leaver {number}") for number in range(KILLS)]
    for leaver in leavers:
        await live(gateway, leaver, stayer, post, databases)
    watch = Watch(local_stack)
    kills: list[float] = []
    async with watch.on():
        told = asyncio.create_task(pending(f"http://127.0.0.1:{local_stack.base + 1}"))
        for leaver in leavers:
            asked = asyncio.create_task(leave(gateway, leaver))
            await asyncio.sleep(chance.uniform(0.0, 1.5))
            await kill_one(local_stack, SERVICES, chance)
            kills.append(time.monotonic())
            await asked
            await asyncio.sleep(chance.uniform(0.0, 1.0))

        seconds = await until_all_is_quiet(local_stack, databases, leavers)
        shown = await asyncio.wait_for(told, 1)
    await assert_forgotten(local_stack, databases, leavers)
    said = (await gateway.get(f"/posts/{post}/comments?limit=100")).json()["items"]
    assert [(one["body"], one["author"]) for one in said] == [("said by one who left", None)] * len(leavers)
    assert (await gateway.get(f"/posts/{post}")).json()["likes_count"] == 0
    for leaver in leavers:
        again = {"email": leaver.email, "password": leaver.password, "name": "Somebody new"}
        assert (await gateway.post("/auth/register", json=again)).status_code == 201
    report.fault(
        row="R-02",
        fault="kill -9 of a service while an account is erased",
        times=len(kills),
        kills=len(kills),
        recovery_s=seconds,
        seen=latest(watch.seen_since(kill) for kill in kills) | {"`erasures_pending`": shown},
        verdict="forgotten everywhere, once",
    )
