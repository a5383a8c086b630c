"""How long the work for a request may go on, known to everything that is done for it.

A caller sends `X-Deadline-Ms`: how long it will still wait. `common.http.middleware` starts the clock, refuses requests
that are late already, and cancels those that overrun. `common.calls.service_client` never asks a peer for longer than
what is left, and passes that on. Waits for the database have limits of their own: `pool_timeout` and the role's
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
    """Seconds that a step may take: `at_most`, or what is left for the request. Zero or less: it is too late."""
    return min(at_most, _ends_at.get() - time.monotonic())


def start(seconds: float) -> Token[float]:
    """Give what follows in this context this much time together, until `end`. Each request does, so it is cheap."""
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
    """Seconds, from the header's milliseconds; None if it makes no sense, which is as if it had not been sent."""
    return int(value) / 1000 if NUMBER.fullmatch(value) else None
