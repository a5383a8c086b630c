"""A target of the relay that answers as told, and the outbox's rows."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from sqlalchemy import text

from common.contracts.events import AuthorData
from common.db.database import Database
from common.errors import DependencyUnavailable, DomainError
from common.events.outbox import OutboxRepository
from common.events.relay import Relay
from common.state_events import Delivery, Event, StateEvent
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

    async def deliver(self, events: Sequence[StateEvent]) -> Delivery:
        self.tried_at.append(time.monotonic())
        if self.slow:
            await asyncio.sleep(self.slow)
        status = self.status if len(events) <= self.most else self.late
        if status == 0:
            raise DependencyUnavailable("away")
        if status != 204:
            return Delivery(status)
        if self.bad & {event.subject for event in events}:
            return Delivery(self.refusal, "bad-event")
        for event in events:
            self.told[event.subject] += 1
            self.versions[event.subject] = max(event.version, self.versions.get(event.subject, 0))
        return Delivery(204)


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
