"""Leaving a peer alone that does not answer (breaker), and not asking twice when it is in trouble (retry budget)."""

import time
from collections.abc import Callable
from datetime import timedelta
from typing import Final, Literal

import structlog

log = structlog.get_logger()

REMEMBERED: Final = 10.0
"""How many retries quiet times can save up: enough for the calls that one restart of a peer breaks."""


class Breaker:
    """Opens after so many failures in a row; then lets one call through per `pause`, and closes when one succeeds.

    In a row, since a count alone would open on a small share of failures once there is enough traffic. Failures
    further apart than `window` do not belong together.
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
        """Half-open: the next call is let through, to find out."""
        if self._probe_at is None:
            return "closed"
        return "open" if self._clock() < self._probe_at else "half-open"

    @property
    def opens_in(self) -> float:
        """Seconds until a call may be made; 0 when it may be made now."""
        return 0.0 if self._probe_at is None else max(0.0, self._probe_at - self._clock())

    def admit(self) -> bool:
        """Whether a call may be made now. The caller then says how it went; a call that was given up says nothing."""
        if self._probe_at is None:
            return True
        if self._clock() < self._probe_at:
            return False
        # claims the probe; one that is never heard of again is followed by another, so nothing has to be given back
        self._probe_at = self._clock() + self._pause
        return True

    def succeeded(self) -> None:
        self._failed = 0
        if self._probe_at is not None:
            self._probe_at = None
            log.info("peer answers again", peer=self.peer)

    def failed(self) -> None:
        now = self._clock()
        self._failed = self._failed + 1 if now - self._failed_at <= self._window else 1
        self._failed_at = now
        if self._probe_at is None and self._failed >= self._allowed:
            self._probe_at = now + self._pause
            log.warning("peer is left alone", peer=self.peer, failures=self._failed)


class RetryBudget:
    """Second tries as a share of first ones, so that retries never multiply the load of a peer in trouble (R-16).

    Starts empty: what fails from the start is not there yet, and asking twice does not help.
    """

    def __init__(self, share: float) -> None:
        self._share = share
        self.left = 0.0

    def earn(self) -> None:
        """For each call."""
        self.left = min(REMEMBERED, self.left + self._share)

    def spend(self) -> bool:
        """Whether a call may be repeated now."""
        if self.left < 1:
            return False
        self.left -= 1
        return True
