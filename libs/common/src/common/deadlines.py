"""The deadline of a request, known to all work that is done for it.

A caller sends `X-Deadline-Ms`: how long it will still wait. `common.http.middleware` starts the clock, refuses requests
that are late already, and cancels those that overrun. `common.calls.service_client` never asks a peer for longer than
is left, and passes the rest on. Waits for the database have limits of their own: `pool_timeout` and the role's
`statement_timeout`.
"""

import math
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar, Token
from typing import Final

HEADER: Final = "X-Deadline-Ms"
NUMBER: Final = re.compile(rb"-?[0-9]{1,9}")
_ends_at: ContextVar[float] = ContextVar("ends_at", default=math.inf)


def remaining(at_most: float) -> float:
    """Seconds that a step may take: at most `at_most`, and at most the rest of the request. Not positive: too late."""
    return min(at_most, _ends_at.get() - time.monotonic())


def start(seconds: float) -> Token[float]:
    """Start a deadline for this context, until `end`. Every request does, so it must be cheap."""
    return _ends_at.set(time.monotonic() + seconds)


def end(started: Token[float]) -> None:
    _ends_at.reset(started)


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """`start` and `end` around a block."""
    started = start(seconds)
    try:
        yield
    finally:
        end(started)


def parse(value: bytes) -> float | None:
    """The header's milliseconds in seconds. None if it is invalid, which is treated as missing."""
    return int(value) / 1000 if NUMBER.fullmatch(value) else None
