"""What waits in the outbox: one row for each subject, its newest state and its age (R-13, R-30)."""

import asyncio
import time

from sqlalchemy import text

from common.db.database import Database
from common.events.outbox import OutboxRepository
from common.events.relay import LEASE
from tests.common.relay.relaying import Peer, left, publish, relaying, until


async def test_only_the_newest_state_waits(database: Database) -> None:
    for version in (1, 2, 5, 4):
        await publish(database, 7, version=version)
    assert await left(database) == 1
    users = Peer()
    async with relaying(database, users=users):
        await until(database, 0)
    assert (users.versions, users.told) == ({"author:7": 5}, {"author:7": 1})


async def oldest(database: Database) -> float:
    async with database.transaction() as session:
        (backlog,) = await OutboxRepository(session).status()
        return backlog.oldest


async def test_a_subject_that_changes_again_and_again_has_waited_since_the_first_change(database: Database) -> None:
    """R-30: the age shows a target that is down, however often the subject changes."""
    for version in (1, 2, 3):
        await publish(database, 7, version=version)
        await asyncio.sleep(0.2)
    assert await oldest(database) >= 0.6


async def test_a_subject_that_changed_while_it_was_told_has_waited_since_that_change(database: Database) -> None:
    """Its target is up: a subject with frequent changes must not look like a target that is down."""
    await publish(database, 7)
    async with database.transaction() as session:
        (row,) = await OutboxRepository(session).lease("users", 10, LEASE)
    await asyncio.sleep(0.4)
    changed_at = time.monotonic()
    await publish(database, 7, version=2)
    assert await oldest(database) >= 0.4
    async with database.transaction() as session:
        await OutboxRepository(session).delete("users", [row.event])
    assert await left(database) == 1
    assert await oldest(database) < time.monotonic() - changed_at


async def test_what_is_leased_together_is_told_in_the_order_in_which_it_came(database: Database) -> None:
    subjects = [7, 3, 9, 1, 8, 2]
    await publish(database, *subjects)
    async with database.transaction() as session:
        await session.execute(text("SET LOCAL enable_nestloop = off"))  # RETURNING then has another order
        await session.execute(text("SET LOCAL enable_hashjoin = off"))
        leased = await OutboxRepository(session).lease("users", 10, LEASE)
    assert [row.event.subject for row in leased] == [f"author:{subject}" for subject in subjects]


async def test_a_row_whose_data_is_no_object_is_leased_like_others(database: Database) -> None:
    """R-14: its target refuses it, and the relay parks it; others are told meanwhile."""
    await publish(database, 7, 8)
    async with database.transaction() as session:
        await session.execute(text("UPDATE outbox SET data = '[\"Ada\"]' WHERE subject = 'author:7'"))
        leased = await OutboxRepository(session).lease("users", 10, LEASE)
    assert [row.event.subject for row in leased] == ["author:7", "author:8"]
