"""The outbox and its relay, on posts' database: waiting, parking, leases, supervision (R-03, R-13 to R-15)."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta

import asyncpg
import pytest
from sqlalchemy import text

from common.contracts.events import AuthorData
from common.db.database import Database
from common.errors import DependencyUnavailable, DomainError
from common.events.outbox import OutboxRepository
from common.events.relay import FIRST_PAUSE, LEASE, TRIES, Relay
from common.state_events import Event, StateEvent
from posts.config import Settings
from tests.conftest import Cloner
from tests.database import Server
from tests.timing import Within, also_timed
from tests.waiting import eventually


class Peer:
    """A target that keeps each subject's newest version, with configured answers."""

    def __init__(self) -> None:
        self.status = 204
        self.bad: set[str] = set()
        self.refusal = 422
        self.told: Counter[str] = Counter()
        self.versions: dict[str, int] = {}
        self.slow = 0.0
        self.most, self.late = 1000, 504
        self.tried_at: list[float] = []

    async def deliver(self, events: Sequence[StateEvent]) -> int:
        self.tried_at.append(time.monotonic())
        if self.slow:
            await asyncio.sleep(self.slow)
        status = self.status if len(events) <= self.most else self.late
        if status == 0:
            raise DependencyUnavailable("away")
        if status != 204:
            return status
        if self.bad & {event.subject for event in events}:
            return self.refusal
        for event in events:
            self.told[event.subject] += 1
            self.versions[event.subject] = max(event.version, self.versions.get(event.subject, 0))
        return 204


@pytest.fixture
async def database(database_of: Cloner) -> AsyncIterator[Database]:
    settings = {**await database_of("posts"), "client_secret": "a-secret-for-tests-0123456789-abcdefghij"}
    database = Database(Settings.model_validate(settings))
    yield database
    await database.disconnect()


async def publish(database: Database, *subjects: int, version: int = 1) -> None:
    async with database.transaction() as session:
        for subject in subjects:
            await OutboxRepository(session).publish(Event((subject,), version, AuthorData(posts_count=version)))


async def publish_and_fail(database: Database) -> None:
    async with database.transaction() as session:
        await OutboxRepository(session).publish(Event((2,), 1, AuthorData(posts_count=1)))
        raise DomainError("changed my mind")


async def left(database: Database) -> int:
    async with database.transaction() as session:
        return int((await session.execute(text("SELECT count(*) FROM outbox"))).scalar_one())


async def until_tried(peer: Peer, times: int) -> None:
    await eventually(lambda: len(peer.tried_at) >= times)


async def until_parked(relay: Relay, target: str) -> None:
    await eventually(lambda: relay.channels[target].parked)


async def until(database: Database, count: int) -> float:
    """Wait until `count` rows are left; returns the seconds."""
    started = time.monotonic()

    async def are_left() -> bool:
        return await left(database) == count

    await eventually(are_left)
    return time.monotonic() - started


@asynccontextmanager
async def relaying(database: Database, **targets: Peer) -> AsyncIterator[Relay]:
    relay = Relay(database, targets)
    task = asyncio.create_task(relay.run())
    try:
        yield relay
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


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


@pytest.mark.parametrize("status", [0, 401, 429, 503])
async def test_a_target_that_is_away_is_waited_for(database: Database, status: int) -> None:
    users = Peer()
    users.status = status
    async with relaying(database, users=users):
        await publish(database, *range(1, 251))
        await until_tried(users, 3)
        first, second, third = users.tried_at[:3]
        assert (second - first >= FIRST_PAUSE, third - second >= 2 * FIRST_PAUSE) == (True, True), "pauses grow"
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
        assert (row.subject, row.attempts, row.last_error) == ("author:3", TRIES, "status 422")
        assert (backlog.waiting, backlog.parked) == (0, 1)
        users.bad = set()
        await asyncio.sleep(0.5)
        assert await left(database) == 1, "parked means left alone"
        async with database.transaction() as session:
            assert await OutboxRepository(session).replay(None) == 1
        await until(database, 0)
    assert users.told["author:3"] == 1


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


async def test_what_is_leased_together_is_told_in_the_order_in_which_it_came(database: Database) -> None:
    subjects = [7, 3, 9, 1, 8, 2]
    await publish(database, *subjects)
    async with database.transaction() as session:
        await session.execute(text("SET LOCAL enable_nestloop = off"))  # RETURNING then has another order
        await session.execute(text("SET LOCAL enable_hashjoin = off"))
        leased = await OutboxRepository(session).lease("users", 10, LEASE)
    assert [row.event.subject for row in leased] == [f"author:{subject}" for subject in subjects]


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
