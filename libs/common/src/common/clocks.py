"""The time of day, from the service's own database: the clock by which auth dates tokens is a database's, too.

A process's own clock may be wrong, or set while it runs. So it is never asked what time it is; only how far it is from
the database's, which is told in the log and in the metrics.
"""

import time
from collections.abc import Callable
from typing import Final

import structlog
from sqlalchemy import text

from common.database import ReadSession

log = structlog.get_logger()

NOW: Final = text("SELECT extract(epoch FROM clock_timestamp())::float")
PROMPT: Final = 1.0
"""Seconds. An answer that took longer says little about now."""
TOLERATED: Final = 5.0
"""Seconds between the two clocks that are not worth a word; as much as tokens' `LEEWAY`."""
REMIND_EVERY: Final = 30.0


class DatabaseClock:
    """Seconds since 1970 as the database counts them, kept going between two readings by a clock that nobody sets."""

    def __init__(
        self,
        reads: ReadSession,
        *,
        monotonic: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._reads = reads
        self._monotonic = monotonic
        self._wall = wall
        self._began_at = wall() - monotonic()
        """What to add to the monotonic clock; the process's own idea until the first reading."""
        self._told_at = float("-inf")

    def now(self) -> float:
        """Asked for each token."""
        return self._monotonic() + self._began_at

    @property
    def skew(self) -> float:
        """Seconds by which the process's clock is ahead of the database's; negative if it is behind."""
        return self._wall() - self.now()

    async def read(self) -> None:
        """Ask the database; every second or so."""
        asked_at = self._monotonic()
        there = (await self._reads.execute(NOW)).scalar_one()
        answered_at = self._monotonic()
        if answered_at - asked_at > PROMPT:
            return
        self._began_at = there - (asked_at + answered_at) / 2
        if abs(self.skew) > TOLERATED and answered_at - self._told_at > REMIND_EVERY:
            self._told_at = answered_at
            log.warning("clock skew: the process and its database differ", seconds=round(self.skew, 1))
