"""The relay: sends what the outbox holds, target by target, for as long as it takes.

A target that is away or overloaded (unreachable, 401, 403, 404, 429, 5xx) is waited for, with growing pauses, for
ever; the others are not delayed. A batch for which its time was too short is halved, down to one event, and what
follows grows again. What a target refuses (400, 409, 413, 422) is tried five times and then parked. What
makes it stumble (500) is tried for ever, with growing pauses. Either way a batch with one of them is sent again one by
one, so that nothing waits behind it.
"""

import asyncio
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final, Protocol

import structlog

from common.background import whole
from common.db.database import Database
from common.errors import DependencyUnavailable
from common.events.outbox import Leased, OutboxRepository
from common.state_events import StateEvent

log = structlog.get_logger()

POLL: Final = 0.2
"""Seconds between looks at an empty outbox; a commit in this process wakes the relay at once."""
BATCH: Final = 100
LEASE: Final = timedelta(seconds=12)
"""Longer than any call's deadline (`LONGEST_CALL` in `common.settings`).

What a relay that died had leased is sent again after this time.
"""
TRIES: Final = 5
DOUBLINGS: Final = 8
"""Of the pause after each refusal: up to 51 s."""
FIRST_PAUSE: Final = 0.2
LONGEST_PAUSE: Final = 5.0
REFUSALS: Final = frozenset({400, 409, 413, 422})
FAULT: Final = 500
LATE: Final = 504
"""The target had not enough time for the batch, or nobody knows: there was no answer."""
NEVER: Final = 2**31 - 1


class Target(Protocol):
    """Somebody who wants to know."""

    async def tell(self, events: Sequence[StateEvent]) -> int:
        """Hand over a batch, all or nothing; the answer's HTTP status. Raises DependencyUnavailable."""


@dataclass(slots=True)
class Lane:
    """One target's state, and how it wants to be told."""

    target: Target
    batch: int = BATCH
    lease: timedelta = LEASE
    doublings: int = DOUBLINGS
    wake: asyncio.Event = field(default_factory=asyncio.Event)
    failures: int = 0
    sent: int = 0
    refused: int = 0
    parked: int = 0
    at_once: int = field(init=False)
    """How many are sent together now: up to `batch`."""

    def __post_init__(self) -> None:
        self.at_once = self.batch

    def pause(self) -> float:
        """Seconds to wait for a target that is away: doubling, with jitter."""
        longest = min(LONGEST_PAUSE, FIRST_PAUSE * float(2 ** min(self.failures, 10)))
        return longest * random.uniform(0.5, 1.0)  # noqa: S311  # no secret


class Relay:
    """Runs one loop per target beside the requests, or in a process of its own."""

    def __init__(self, database: Database, targets: Mapping[str, Target | Lane]) -> None:
        """A target that wants to be told in another way than the services comes in a lane of its own."""
        self._database = database
        self.lanes = {name: lane if isinstance(lane, Lane) else Lane(lane) for name, lane in targets.items()}
        database.on_published = self.wake

    def wake(self) -> None:
        """There is something new."""
        for lane in self.lanes.values():
            lane.wake.set()

    async def run(self) -> None:
        """Send for ever."""
        async with asyncio.TaskGroup() as group:
            for name, lane in self.lanes.items():
                group.create_task(self._serve(name, lane), name=f"relay to {name}")

    async def _serve(self, name: str, lane: Lane) -> None:
        """Never ends by itself: whatever goes wrong, a lost connection most of all, is told and tried again."""
        while True:
            lane.wake.clear()
            try:
                sent = await whole(self.step(name, lane))  # what was sent is noted, also when we are told to stop
            except Exception as error:  # noqa: BLE001  # supervision: a relay that ends in silence loses events
                sent = False
                lane.failures += 1
                log.warning("relay stumbled", target=name, reason=repr(error)[:200])
            if lane.failures:
                await asyncio.sleep(lane.pause())
            elif not sent:
                await wait(lane.wake, POLL)

    async def step(self, name: str, lane: Lane) -> bool:
        """Lease a batch, send it, settle it. False if nothing was due."""
        async with self._database.transaction() as session:
            leased = await OutboxRepository(session).lease(name, lane.at_once, lane.lease)
        if leased:
            await self._send(name, lane, leased)
        else:
            lane.failures = 0  # the database is there, and there is nothing to try the target with
        return bool(leased)

    async def _send(self, name: str, lane: Lane, leased: Sequence[Leased]) -> None:
        events = [row.event for row in leased]
        status = await self._tell(lane, events)
        if 200 <= status < 300:
            lane.failures = 0
            lane.sent += len(events)
            lane.at_once = min(lane.batch, lane.at_once + 1)
            async with self._database.transaction() as session:
                await OutboxRepository(session).delete(name, events)
        elif status not in REFUSALS and status != FAULT:
            lane.failures += 1
            if status == LATE:
                lane.at_once = max(1, len(events) // 2)
            log.info("target away", target=name, status=status, failures=lane.failures, waiting=len(events))
            async with self._database.transaction() as session:
                await OutboxRepository(session).release(name, events)
        elif len(leased) > 1:
            for row in leased:  # one of them is to blame; the others must not wait for it
                await self._send(name, lane, [row])
        else:
            await self._refused(name, lane, leased[0], status)

    async def _tell(self, lane: Lane, events: Sequence[StateEvent]) -> int:
        try:
            return await lane.target.tell(events)
        except DependencyUnavailable:
            return LATE

    async def _refused(self, name: str, lane: Lane, row: Leased, status: int) -> None:
        lane.failures = 0
        lane.refused += 1
        pause = timedelta(seconds=FIRST_PAUSE * 2 ** min(row.attempts, lane.doublings))
        tries = NEVER if status == FAULT else TRIES
        async with self._database.transaction() as session:
            outbox = OutboxRepository(session)
            parked = await outbox.refused(name, row.event, f"status {status}", pause, tries)
        lane.parked += parked
        log.warning("event refused", target=name, event_id=row.event.id, status=status, parked=parked)


async def wait(event: asyncio.Event, seconds: float) -> None:
    try:
        await asyncio.wait_for(event.wait(), seconds)
    except TimeoutError:
        return
