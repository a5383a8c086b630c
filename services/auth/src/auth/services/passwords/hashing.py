"""Password hashing: argon2id in threads of its own, a bounded number at a time."""

import asyncio
import os
import sys
import threading
import unicodedata
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from functools import partial
from typing import Final

from anyio import CapacityLimiter
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

from common.errors import DependencyUnavailable

NICE: Final = 15
AT_WORK: Final = 2
"""Concurrent password checks per slot: while one is hashed, the next is looked up."""
QUEUE: Final = 25
"""Longest queue per slot, at about 20 ms each."""
NO_PASSWORD: Final = "!"  # noqa: S105
"""In place of the hash of an account without a password. No password fits it."""
SORRY: Final = "Too many people are signing in just now; try again in a moment."


class TooBusy(DependencyUnavailable):
    """More passwords wait to be hashed than can be in time."""

    code = "too-busy"


class Argon2:
    """`PasswordHasher` with OWASP's parameters (S-01): 19 MiB, 2 passes, 1 lane, about 20 ms.

    Passwords are compared as NFKC, so that the same keys typed on another system match; nothing is trimmed, case-folded
    or cut (S-03).

    `patience`: seconds to wait for a slot. A longer wait helps nobody (R-18); on a busy machine a hash takes longer.
    """

    def __init__(self, slots: int, patience: float) -> None:
        self._hash = PasswordHash((Argon2Hasher(memory_cost=19456, time_cost=2, parallelism=1),))
        self._limiter = CapacityLimiter(slots * AT_WORK)
        self._patience = patience
        self._slots = ThreadPoolExecutor(slots, "argon2", lower_priority)
        self._longest_queue = slots * QUEUE
        self.waiting: set[object] = set()
        """Callers that wait in `slot`: at most `QUEUE` for each thread."""
        self._nobody = self._hash.hash("a password that nobody has")

    @asynccontextmanager
    async def slot(self) -> AsyncIterator[None]:
        if len(self.waiting) >= self._longest_queue:
            raise TooBusy(SORRY)
        caller = object()
        self.waiting.add(caller)
        try:
            async with asyncio.timeout(self._patience):
                await self._limiter.acquire()
        except TimeoutError as error:
            raise TooBusy(SORRY) from error
        finally:
            self.waiting.discard(caller)
        try:
            yield
        finally:
            self._limiter.release()

    async def hash(self, password: str) -> str:
        async with self.slot():
            return await asyncio.get_running_loop().run_in_executor(self._slots, self._hash.hash, normalized(password))

    async def verify(self, password: str, password_hash: str | None) -> tuple[bool, str | None]:
        known = None if password_hash == NO_PASSWORD else password_hash
        check = partial(self._hash.verify_and_update, normalized(password), known or self._nobody)
        fits, renewed = await asyncio.get_running_loop().run_in_executor(self._slots, check)
        return (fits, renewed) if known else (False, None)

    def close(self) -> None:
        self._slots.shutdown(wait=False, cancel_futures=True)


def lower_priority() -> None:
    """Give the event loop's thread priority: a hash may take longer, other requests may not (R-11)."""
    if sys.platform == "linux":  # elsewhere it would affect the whole process
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICE)


def normalized(password: str) -> str:
    return unicodedata.normalize("NFKC", password)
