"""The time of day, from the service's own database: the clock by which auth dates tokens is a database's, too.

A process's own clock may be wrong, or set while it runs. So it is never asked what time it is; only how far it is from
the database's, which is told in the log and in the metrics. Until the database has answered once, no token is good or
bad.
"""

import math
import time
from collections.abc import Callable
from typing import Final

import structlog
from sqlalchemy import text

from common.db.reading import ReadSession
from common.tokens.claims import KeysUnavailable

log = structlog.get_logger()

NOW: Final = text("SELECT extract(epoch FROM clock_timestamp())::float")
PROMPT: Final = 1.0
"""Seconds. An answer that took longer says little about now; it is taken only where none is known."""
TOLERATED: Final = 5.0
"""Seconds between the two clocks that are not worth a word; as much as tokens' `LEEWAY`."""
REMIND_EVERY: Final = 30.0


def uptime() -> float:
    """Seconds of a clock that nobody sets. On Linux it goes on while the machine sleeps."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else time.monotonic()


class DatabaseClock:
    """Seconds since 1970 as the database counts them, kept going between two readings by `uptime`."""

    def __init__(
        self, reads: ReadSession, *, uptime: Callable[[], float] = uptime, wall: Callable[[], float] = time.time
    ) -> None:
        self._reads = reads
        self._uptime = uptime
        self._wall = wall
        self._began_at: float | None = None
        """What to add to the uptime."""
        self._told_at = float("-inf")

    def now(self) -> float:
        """Asked for each token. Raises KeysUnavailable before the first reading."""
        if self._began_at is None:
            raise KeysUnavailable("What time it is by the database is not known yet.")
        return self._uptime() + self._began_at

    @property
    def skew(self) -> float:
        """Seconds by which the process's clock is ahead of the database's; negative if it is behind, NaN if unknown."""
        return math.nan if self._began_at is None else self._wall() - self.now()

    async def read(self) -> None:
        """Ask the database; every second or so."""
        asked_at = self._uptime()
        there = (await self._reads.execute(NOW)).scalar_one()
        answered_at = self._uptime()
        if answered_at - asked_at <= PROMPT:
            self._began_at = there - (asked_at + answered_at) / 2
        elif self._began_at is None:
            self._began_at = there - asked_at  # late rather than early: it lets no old token in
        if abs(self.skew) > TOLERATED and answered_at - self._told_at > REMIND_EVERY:
            self._told_at = answered_at
            log.warning("clock skew: the process and its database differ", seconds=round(self.skew, 1))
