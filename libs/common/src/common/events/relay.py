"""The relay: sends the outbox to its targets, and retries for ever.

- Target away or overloaded (unreachable, 401, 403, 404, 429, 5xx): it waits with growing pauses, for ever. Other
  targets are not delayed.
- Batch too large for its time (504, or no answer): it is halved, down to one event, and then grows again.
- Event refused (400, 409, 413, 422): tried five times, then parked.
- Event that causes a fault (500): tried for ever, with growing pauses.

A batch with a refused or faulty event is sent again one by one, so that no other event waits behind it.
"""

import asyncio
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final, Protocol

import structlog
from sqlalchemy.exc import SQLAlchemyError

from common.background import shielded
from common.db.database import Database
from common.db.reading import ReadSession
from common.errors import DependencyUnavailable
from common.events.outbox import Leased, OutboxRepository
from common.spans import note_failure, sending
from common.state_events import Delivery, StateEvent

log = structlog.get_logger()

POLL: Final = 0.5
"""Seconds between looks at the outbox, one for all targets. A commit in this process wakes the relay at once."""
GATHER: Final = 0.05
"""Seconds between two batches, unless more than a batch is due. Under load events gather meanwhile: fewer and larger
batches, and several states of one subject are sent as one."""
BATCH: Final = 100
LEASE: Final = timedelta(seconds=12)
"""Longer than any call's deadline (`LONGEST_CALL` in `common.settings`).

If a relay dies, its leased rows are sent again after this time.
"""
TRIES: Final = 5
DOUBLINGS: Final = 8
"""How often the pause after a refusal doubles: up to 51 s."""
FIRST_PAUSE: Final = 0.2
LONGEST_PAUSE: Final = 5.0
REFUSALS: Final = frozenset({400, 409, 413, 422})
FAULT: Final = 500
LATE: Final = 504
"""The target had too little time for the batch, or did not answer."""
NEVER: Final = 2**31 - 1


class Target(Protocol):
    """A receiver of events."""

    async def deliver(self, events: Sequence[StateEvent]) -> Delivery:
        """Deliver a batch, all or nothing. Raises DependencyUnavailable."""


@dataclass(slots=True)
class Channel:
    """One target: its state, and the limits for sending to it."""

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
    """Current size of a batch: at most `batch`."""

    def __post_init__(self) -> None:
        self.at_once = self.batch

    def pause(self) -> float:
        """Seconds to wait for a target that is down: doubling, with jitter."""
        longest = min(LONGEST_PAUSE, FIRST_PAUSE * float(2 ** min(self.failures, 10)))
        return longest * random.uniform(0.5, 1.0)  # noqa: S311  # no secret


class Relay:
    """Runs one loop per target beside the requests, or in a process of its own."""

    def __init__(self, database: Database, targets: Mapping[str, Target | Channel]) -> None:
        """A target with other limits than a service's is passed as a channel."""
        self._database = database
        self.channels = {
            name: channel if isinstance(channel, Channel) else Channel(channel) for name, channel in targets.items()
        }
        database.on_published = self.wake

    def wake(self) -> None:
        """Look at the outbox at once."""
        for channel in self.channels.values():
            channel.wake.set()

    async def run(self) -> None:
        """Send for ever."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._watch(), name="relay's watch")
            for name, channel in self.channels.items():
                group.create_task(self._serve(name, channel), name=f"relay to {name}")

    async def _watch(self) -> None:
        """Wake the channels whose events are due: other processes wrote them, or their pause is over.

        One read for all targets, since an idle service should cost next to nothing.
        """
        outbox = OutboxRepository(ReadSession(self._database.upkeep))
        while True:
            await asyncio.sleep(POLL)
            try:
                for name in await outbox.due(list(self.channels)):
                    self.channels[name].wake.set()
            except (SQLAlchemyError, OSError):
                self.wake()  # each channel meets the same error, logs it, and pauses
            except Exception as error:  # noqa: BLE001  # supervision: it would end all channels with it
                log.warning("outbox not read", reason=repr(error)[:200])

    async def _serve(self, name: str, channel: Channel) -> None:
        """Never ends by itself: every failure, such as a lost connection, is logged and tried again."""
        while True:
            channel.wake.clear()
            size = channel.at_once
            try:
                sent = await shielded(self.step(name, channel))  # sent events are deleted also at a shutdown
            except Exception as error:  # noqa: BLE001  # supervision: the loop must not end
                sent = 0
                channel.failures += 1
                log.warning("relay failed", target=name, reason=repr(error)[:200])
            if channel.failures:
                await asyncio.sleep(channel.pause())
            elif sent < size:  # the rest of the outbox is not due yet
                await asyncio.sleep(GATHER)
                await channel.wake.wait()

    async def step(self, name: str, channel: Channel) -> int:
        """Lease a batch, send it, and record the result. Returns how many events were due, at most a batch."""
        async with self._database.transaction() as session:
            leased = await OutboxRepository(session).lease(name, channel.at_once, channel.lease)
        if leased:
            events = [row.event for row in leased]
            with sending(name, [event.type for event in events], [event.traceparent for event in events]):
                await self._send(name, channel, leased)
        else:
            channel.failures = 0  # the database works, and no event is due
        return len(leased)

    async def _send(self, name: str, channel: Channel, leased: Sequence[Leased]) -> None:
        events = [row.event for row in leased]
        status, reason = await self._tell(channel, events)
        if status >= 300:
            note_failure(str(status))
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
            log.info("target unavailable", target=name, status=status, failures=channel.failures, waiting=len(events))
            async with self._database.transaction() as session:
                await OutboxRepository(session).release(name, events)
        elif len(leased) > 1:
            for row in leased:  # one of them is at fault; the others must not wait for it
                await self._send(name, channel, [row])
        else:
            await self._refused(name, channel, leased[0], Delivery(status, reason))

    async def _tell(self, channel: Channel, events: Sequence[StateEvent]) -> Delivery:
        try:
            return await channel.target.deliver(events)
        except DependencyUnavailable:
            return Delivery(LATE)

    async def _refused(self, name: str, channel: Channel, row: Leased, answer: Delivery) -> None:
        channel.failures = 0
        channel.refused += 1
        pause = timedelta(seconds=FIRST_PAUSE * 2 ** min(row.attempts, channel.doublings))
        tries = NEVER if answer.status == FAULT else TRIES
        reason = f"status {answer.status} {answer.reason}".strip()
        async with self._database.transaction() as session:
            outbox = OutboxRepository(session)
            parked = await outbox.refused(name, row.event, reason, pause, tries)
        channel.parked += parked
        log.warning("event refused", target=name, event_id=row.event.id, reason=reason, parked=parked)
