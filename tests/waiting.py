"""How long tests wait for what must come: one place, and generous.

Waiting costs nothing where the code is right. No test asserts that something is quick: speed is measured by
`make bench`, `make timing` and `make overload`.
"""

import asyncio
import inspect
import socket
import time
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

import asyncpg

T = TypeVar("T")
GENEROUS: Final = 90
"""Seconds until a test gives up: far more than a busy machine takes."""
PAUSE: Final = 0.01
# Whoever shares rows with others waits for a transaction, and not for a relation.
BLOCKED: Final = """
SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'
"""


async def in_time(awaitable: Awaitable[T]) -> T:
    """What is waited for, unless it does not come."""
    return await asyncio.wait_for(awaitable, GENEROUS)


async def eventually(holds: Callable[[], object], pause: float = PAUSE) -> None:
    """Wait until a look, which may be awaited, finds something true."""
    ends_at = time.monotonic() + GENEROUS
    while not (await found if inspect.isawaitable(found := holds()) else found):
        assert time.monotonic() < ends_at, f"it has not come true for {GENEROUS} s"
        await asyncio.sleep(pause)


def wait_until(holds: Callable[[], object], pause: float = PAUSE) -> None:
    """The same for tests without an event loop."""
    ends_at = time.monotonic() + GENEROUS
    while not holds():
        assert time.monotonic() < ends_at, f"it has not come true for {GENEROUS} s"
        time.sleep(pause)


def until_open(port: int) -> None:
    """Wait until a server listens. Trying to take the port oneself could take it from the server."""

    def is_open() -> bool:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except OSError:
            return False
        return True

    wait_until(is_open)


async def until_blocked(connection: "asyncpg.Connection[asyncpg.Record]") -> None:
    """Wait until somebody in this database waits for a lock."""
    await eventually(lambda: connection.fetchval(BLOCKED))
