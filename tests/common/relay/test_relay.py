"""The relay sends what is in the outbox: waking, leases, lost connections, speed (R-03, R-15)."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta

import asyncpg
import pytest
from sqlalchemy import text

from common.db.database import Database
from common.errors import DomainError
from common.events.outbox import OutboxRepository
from common.events.relay import LEASE
from tests.common.relay.relaying import Peer, left, publish, publish_and_fail, relaying, until, until_tried
from tests.database import Server
from tests.timing import Within, also_timed
from tests.waiting import eventually


async def test_a_commit_wakes_the_relay_and_a_rollback_leaves_nothing(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("common.events.relay.POLL", 3600.0)  # it does not poll by itself
    users = Peer()
    async with relaying(database, users=users):
        await asyncio.sleep(0.3)
        await publish(database, 1)
        await until(database, 0)
        with pytest.raises(DomainError):
            await publish_and_fail(database)
        assert await left(database) == 0
    assert users.told == {"author:1": 1}


async def test_a_fault_of_its_watch_does_not_end_the_relay(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    looks = 0

    async def broken(*_: object) -> Sequence[str]:
        nonlocal looks
        looks += 1
        raise RuntimeError("broken")

    monkeypatch.setattr("common.events.relay.OutboxRepository.due", broken)
    users = Peer()
    async with relaying(database, users=users):
        await eventually(lambda: looks > 1)
        await publish(database, 1)
        await until(database, 0)
    assert users.told == {"author:1": 1}


async def test_a_change_while_its_event_is_on_the_way_is_sent_too(database: Database) -> None:
    users = Peer()
    users.slow = 0.3
    async with relaying(database, users=users):
        await publish(database, 1)
        await until_tried(users, 1)  # the first is being sent
        await publish(database, 1, version=2)
        await until(database, 0)
    assert users.versions == {"author:1": 2}


async def test_a_relay_that_dies_after_sending_is_followed_by_another(database: Database) -> None:
    """R-03: between send and delete. The lease ends, the event is sent again, and its version makes it harmless."""
    await publish(database, 1)
    users = Peer()
    async with database.transaction() as session:
        leased = await OutboxRepository(session).lease("users", 10, timedelta(seconds=3))
        await users.deliver([row.event for row in leased])
    async with relaying(database, users=users):
        await asyncio.sleep(0.2)
        assert await left(database) == 1, "still leased"
        await until(database, 0)
    assert (users.told, users.versions) == ({"author:1": 2}, {"author:1": 1})
    assert timedelta(seconds=2) < LEASE, "longer than a call's deadline"


async def test_two_relays_share_the_work(database: Database) -> None:
    users = Peer()
    users.slow = 0.05
    await publish(database, *range(1, 401))
    async with relaying(database, users=users), relaying(database, users=users):
        await until(database, 0)
    assert set(users.told.values()) == {1}
    assert len(users.told) == 400


async def test_lost_connections_do_not_end_the_relay(database: Database, server: Server) -> None:
    users = Peer()
    name = database.engine.url.database
    async with relaying(database, users=users):
        for round_ in range(3):
            killer = await asyncpg.connect(server.dsn)
            await killer.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1", name)
            await killer.close()
            await asyncio.sleep(0.3)
            await database.engine.dispose()  # the publisher's own connections; the relay reconnects by itself
            await publish(database, 100 + round_)
            await until(database, 0)
    assert len(users.told) == 3


@also_timed
async def test_a_backlog_drains_quickly(database: Database, within: Within) -> None:
    """R-15: at least 500 a second."""
    async with database.transaction() as session:
        await session.execute(
            text(
                "INSERT INTO outbox (target, type, subject, version, data) "
                "SELECT 'users', 'author', 'author:' || n, 1, '{\"posts_count\": 1}' FROM generate_series(1, 3000) n"
            )
        )
    async with relaying(database, users=Peer()):
        with within(3000 / 500):
            await until(database, 0)
