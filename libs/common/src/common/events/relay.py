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

from common.background import shielded
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

    async def deliver(self, events: Sequence[StateEvent]) -> int:
        """Hand over a batch, all or nothing; the answer's HTTP status. Raises DependencyUnavailable."""


@dataclass(slots=True)
class Channel:
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

    def __init__(self, database: Database, targets: Mapping[str, Target | Channel]) -> None:
        """A target that wants to be told in another way than the services comes in a channel of its own."""
        self._database = database
        self.channels = {
            name: channel if isinstance(channel, Channel) else Channel(channel) for name, channel in targets.items()
        }
        database.on_published = self.wake

    def wake(self) -> None:
        """There is something new."""
        for channel in self.channels.values():
            channel.wake.set()

    async def run(self) -> None:
        """Send for ever."""
        async with asyncio.TaskGroup() as group:
            for name, channel in self.channels.items():
                group.create_task(self._serve(name, channel), name=f"relay to {name}")

    async def _serve(self, name: str, channel: Channel) -> None:
        """Never ends by itself: whatever goes wrong, a lost connection most of all, is told and tried again."""
        while True:
            channel.wake.clear()
            try:
                sent = await shielded(self.step(name, channel))  # what was sent is noted, also when we are told to stop
            except Exception as error:  # noqa: BLE001  # supervision: a relay that ends in silence loses events
                sent = False
                channel.failures += 1
                log.warning("relay stumbled", target=name, reason=repr(error)[:200])
            if channel.failures:
                await asyncio.sleep(channel.pause())
            elif not sent:
                await wait(channel.wake, POLL)

    async def step(self, name: str, channel: Channel) -> bool:
        """Lease a batch, send it, settle it. False if nothing was due."""
        async with self._database.transaction() as session:
            leased = await OutboxRepository(session).lease(name, channel.at_once, channel.lease)
        if leased:
            await self._send(name, channel, leased)
        else:
            channel.failures = 0  # the database is there, and there is nothing to try the target with
        return bool(leased)

    async def _send(self, name: str, channel: Channel, leased: Sequence[Leased]) -> None:
        events = [row.event for row in leased]
        status = await self._tell(channel, events)
        if 200 <= status < 300:
            channel.failures = 0
            channel.sent += len(events)
            channel.at_once = min(channel.batch, channel.at_once + 1)
            async with self._database.transaction() as session:
                await OutboxRepository(session).delete(name, events)
        elif status not in REFUSALS and status != FAULT:
            channel.failures += 1
            if status == LATE:
                channel.at_once = max(1, len(events) // 2)
            log.info("target away", target=name, status=status, failures=channel.failures, waiting=len(events))
            async with self._database.transaction() as session:
                await OutboxRepository(session).release(name, events)
        elif len(leased) > 1:
            for row in leased:  # one of them is to blame; the others must not wait for it
                await self._send(name, channel, [row])
        else:
            await self._refused(name, channel, leased[0], status)

    async def _tell(self, channel: Channel, events: Sequence[StateEvent]) -> int:
        try:
            return await channel.target.deliver(events)
        except DependencyUnavailable:
            return LATE

    async def _refused(self, name: str, channel: Channel, row: Leased, status: int) -> None:
        channel.failures = 0
        channel.refused += 1
        pause = timedelta(seconds=FIRST_PAUSE * 2 ** min(row.attempts, channel.doublings))
        tries = NEVER if status == FAULT else TRIES
        async with self._database.transaction() as session:
            outbox = OutboxRepository(session)
            parked = await outbox.refused(name, row.event, f"status {status}", pause, tries)
        channel.parked += parked
        log.warning("event refused", target=name, event_id=row.event.id, status=status, parked=parked)


async def wait(event: asyncio.Event, seconds: float) -> None:
    try:
        await asyncio.wait_for(event.wait(), seconds)
    except TimeoutError:
        return
