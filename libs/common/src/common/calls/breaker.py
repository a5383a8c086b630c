"""Circuit breaker (stops calls to a peer that fails) and retry budget (limits retries to a peer in trouble)."""

import time
from collections.abc import Callable
from datetime import timedelta
from typing import Final, Literal

import structlog

log = structlog.get_logger()

REMEMBERED: Final = 10.0
"""Most retries that a quiet time can save up: enough for the calls that one restart of a peer breaks."""


class Breaker:
    """Opens after several failures in a row, lets one call through per `pause`, and closes when one succeeds.

    It counts failures in a row: with much traffic, a plain count would open on a small share of failures. Failures
    further apart than `window` do not count as a row.
    """

    def __init__(
        self,
        peer: str,
        *,
        failures: int,
        window: timedelta,
        pause: timedelta,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.peer = peer
        self._allowed = failures
        self._window = window.total_seconds()
        self._pause = pause.total_seconds()
        self._clock = clock
        self._failed = 0
        self._failed_at = float("-inf")
        self._probe_at: float | None = None

    @property
    def state(self) -> Literal["closed", "open", "half-open"]:
        """Half-open: the next call is let through as a probe."""
        if self._probe_at is None:
            return "closed"
        return "open" if self._clock() < self._probe_at else "half-open"

    @property
    def opens_in(self) -> float:
        """Seconds until a call may be made; 0 when it may be made now."""
        return 0.0 if self._probe_at is None else max(0.0, self._probe_at - self._clock())

    def admit(self) -> bool:
        """Whether a call may be made now. The caller then reports its result, unless the call was cancelled."""
        if self._probe_at is None:
            return True
        if self._clock() < self._probe_at:
            return False
        # Claims the probe. A probe without a result is followed by another after `pause`, so none must be given back.
        self._probe_at = self._clock() + self._pause
        return True

    def succeeded(self) -> None:
        self._failed = 0
        if self._probe_at is not None:
            self._probe_at = None
            log.info("peer answers again", peer=self.peer)

    def failed(self, **told: str) -> None:
        """`told` goes into the log line if this failure opens the breaker."""
        now = self._clock()
        self._failed = self._failed + 1 if now - self._failed_at <= self._window else 1
        self._failed_at = now
        if self._probe_at is None and self._failed >= self._allowed:
            self._probe_at = now + self._pause
            log.warning("circuit breaker opened", peer=self.peer, failures=self._failed, **told)


class RetryBudget:
    """Limits retries to a share of first calls, so that they never multiply the load of a peer in trouble (R-16).

    Starts empty: a peer that fails from the start is not up yet, and retries do not help.
    """

    def __init__(self, share: float) -> None:
        self._share = share
        self.left = 0.0

    def earn(self) -> None:
        """Call once for each first call."""
        self.left = min(REMEMBERED, self.left + self._share)

    def spend(self) -> bool:
        """Whether a retry is allowed now."""
        if self.left < 1:
            return False
        self.left -= 1
        return True
