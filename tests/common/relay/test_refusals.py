"""The relay's targets are away, too slow, or refuse: pauses, smaller batches, parking (R-14, R-15)."""

import asyncio

import pytest
from sqlalchemy import text

from common.contracts.events import AuthorData
from common.db.database import Database
from common.events.outbox import OutboxRepository
from common.events.relay import TRIES
from common.state_events import Event
from tests.common.relay.relaying import Peer, left, publish, relaying, until, until_parked, until_tried
from tests.waiting import eventually


@pytest.mark.parametrize("status", [0, 401, 429, 503])
async def test_a_target_that_is_away_is_waited_for(database: Database, short_pauses: float, status: int) -> None:
    users = Peer()
    users.status = status
    async with relaying(database, users=users):
        await publish(database, *range(1, 251))
        await until_tried(users, 3)
        first, second, third = users.tried_at[:3]
        assert (second - first >= short_pauses, third - second >= 2 * short_pauses) == (True, True), "pauses grow"
        assert await left(database) == 250
        users.status = 204
        await until(database, 0)
    assert set(users.told.values()) == {1}
    assert len(users.told) == 250


@pytest.mark.parametrize("answers", [True, False], ids=["504", "no answer"])
async def test_a_batch_that_its_target_has_no_time_for_is_halved(
    database: Database, monkeypatch: pytest.MonkeyPatch, answers: bool
) -> None:
    """The same batch would always be too slow (R-15). Afterwards batches grow again."""
    monkeypatch.setattr("common.events.relay.LONGEST_PAUSE", 0.02)
    users = Peer()
    users.most, users.late = 0, 504 if answers else 0
    await publish(database, *range(1, 101))
    async with relaying(database, users=users) as relay:
        await until_tried(users, 9)
        assert relay.channels["users"].at_once == 1, "one is never given up"
        users.most = 10
        await until(database, 0)
        assert 5 <= relay.channels["users"].at_once <= 11
    assert (set(users.told.values()), len(users.told)) == ({1}, 100)


async def test_one_target_does_not_delay_another(database: Database) -> None:
    users, other = Peer(), Peer()
    users.status = 0
    async with relaying(database, users=users, other=other):
        await publish(database, 1)
        async with database.transaction() as session:
            await session.execute(text("INSERT INTO outbox SELECT 'other', type, subject, version, data FROM outbox"))
        await eventually(lambda: other.told)
    assert (other.told, users.told) == ({"author:1": 1}, {})


@pytest.mark.usefixtures("short_pauses")
async def test_what_is_refused_is_parked_after_five_tries_and_can_be_replayed(database: Database) -> None:
    """R-14: the others of the batch are not delayed."""
    users = Peer()
    users.bad = {"author:3"}
    async with relaying(database, users=users) as relay:
        await publish(database, 1, 2, 3, 4)
        await until(database, 1)
        assert relay.channels["users"].parked == 0
        await until_parked(relay, "users")
        async with database.transaction() as session:
            (row,) = await OutboxRepository(session).parked()
            (backlog,) = await OutboxRepository(session).status()
        assert (row.subject, row.attempts, row.last_error) == ("author:3", TRIES, "status 422 bad-event")
        assert (backlog.waiting, backlog.parked) == (0, 1)
        users.bad = set()
        await asyncio.sleep(0.5)
        assert await left(database) == 1, "parked means left alone"
        async with database.transaction() as session:
            assert await OutboxRepository(session).replay(None) == 1
        await until(database, 0)
    assert users.told["author:3"] == 1


@pytest.mark.usefixtures("short_pauses")
async def test_an_event_that_makes_its_target_stumble_holds_up_nobody_and_is_never_given_up(database: Database) -> None:
    """R-14, for a fault of the consumer's instead of the sender's."""
    users = Peer()
    users.bad, users.refusal = {"author:2"}, 500
    async with relaying(database, users=users) as relay:
        await publish(database, 1, 2, 3)
        await until(database, 1)
        await asyncio.sleep(0.5)
        assert relay.channels["users"].parked == 0
        users.bad = set()
        await until(database, 0)
    assert users.told == {"author:1": 1, "author:2": 1, "author:3": 1}


async def test_a_newer_state_takes_a_parked_one_along(database: Database) -> None:
    async with database.transaction() as session:
        await OutboxRepository(session).publish(Event((1,), 1, AuthorData(posts_count=1)))
        await session.execute(text("UPDATE outbox SET parked_at = now(), attempts = 5"))
    users = Peer()
    async with relaying(database, users=users):
        await publish(database, 1, version=2)
        await until(database, 0)
    assert users.versions == {"author:1": 2}
