"""Waits in tests, with one generous limit.

Long limits cost nothing while the code is right. Promised times, such as "within 5 s", are measured by `make timing`:
see tests/timing.py.
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
"""Seconds until a test gives up: far more than a busy machine needs."""
PAUSE: Final = 0.01
# A statement that waits for another's rows waits for its transaction, not for a relation.
BLOCKED: Final = """
SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'
"""


async def in_time(awaitable: Awaitable[T]) -> T:
    """Await a value that must come."""
    return await asyncio.wait_for(awaitable, GENEROUS)


async def eventually(holds: Callable[[], object], pause: float = PAUSE) -> None:
    """Wait until a function, sync or async, returns something true."""
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
    """Wait until a server listens. Binding the port as a probe could take it from the server."""

    def is_open() -> bool:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except OSError:
            return False
        return True

    wait_until(is_open)


async def until_blocked(connection: "asyncpg.Connection[asyncpg.Record]") -> None:
    """Wait until a session in this database waits for a lock."""
    await eventually(lambda: connection.fetchval(BLOCKED))
