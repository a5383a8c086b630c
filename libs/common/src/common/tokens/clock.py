"""The clock by which tokens expire: the database's, since auth dates tokens by a database's clock, too.

A process's own clock may be wrong, or may be set while it runs. So only its skew against the database's clock is read,
for the log and the metrics. Before the first answer of the database, no token can be checked.
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
"""Seconds. A slower answer is too imprecise; it is used only if no time is known."""
TOLERATED: Final = 5.0
"""Skew in seconds that is not logged; the same as tokens' `LEEWAY`."""
REMIND_EVERY: Final = 30.0


def uptime() -> float:
    """Seconds of a clock that cannot be set. On Linux it goes on while the machine sleeps."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else time.monotonic()


class DatabaseClock:
    """Seconds since 1970 by the database's clock, continued between readings by `uptime`."""

    def __init__(
        self, reads: ReadSession, *, uptime: Callable[[], float] = uptime, wall: Callable[[], float] = time.time
    ) -> None:
        self._reads = reads
        self._uptime = uptime
        self._wall = wall
        self._began_at: float | None = None
        """The database's time at uptime 0."""
        self._told_at = float("-inf")

    def now(self) -> float:
        """Called for each token. Raises KeysUnavailable before the first reading."""
        if self._began_at is None:
            raise KeysUnavailable("The database's time is not known yet.")
        return self._uptime() + self._began_at

    @property
    def skew(self) -> float:
        """Seconds that the process's clock is ahead of the database's; negative if behind, NaN if unknown."""
        return math.nan if self._began_at is None else self._wall() - self.now()

    async def read(self) -> None:
        """Read the database's clock; called about every second."""
        asked_at = self._uptime()
        there = (await self._reads.execute(NOW)).scalar_one()
        answered_at = self._uptime()
        if answered_at - asked_at <= PROMPT:
            self._began_at = there - (asked_at + answered_at) / 2
        elif self._began_at is None:
            self._began_at = there - asked_at  # a late clock accepts no old token
        if abs(self.skew) > TOLERATED and answered_at - self._told_at > REMIND_EVERY:
            self._told_at = answered_at
            log.warning("clock skew: the process and its database differ", seconds=round(self.skew, 1))
