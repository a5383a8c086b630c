"""Password hashing: argon2id in worker threads, a bounded number at a time."""

import unicodedata
from functools import partial

import anyio
from anyio import CapacityLimiter
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

from common.errors import DependencyUnavailable

QUEUE = 25  # per slot, at about 20 ms each


class TooBusy(DependencyUnavailable):
    """More passwords are to be hashed than can be in good time."""

    code = "too-busy"


class Argon2:
    """`PasswordHasher` with OWASP's parameters (S-01): 19 MiB, 2 passes, 1 lane, about 20 ms.

    Passwords are compared as NFKC, so that the same keys typed on another system fit; nothing is trimmed,
    case-folded or cut (S-03).
    """

    def __init__(self, slots: int) -> None:
        self._hash = PasswordHash((Argon2Hasher(memory_cost=19456, time_cost=2, parallelism=1),))
        self._limiter = CapacityLimiter(slots)
        self._longest_queue = slots * QUEUE
        self._nobody = self._hash.hash("a password that nobody has")

    def refuse_when_busy(self) -> None:
        """Raises TooBusy: a wait of more than half a second helps nobody (R-18), better to hear at once."""
        if self._limiter.statistics().tasks_waiting >= self._longest_queue:
            raise TooBusy("Too many people are signing in just now; try again in a moment.")

    async def hash(self, password: str) -> str:
        self.refuse_when_busy()
        return await anyio.to_thread.run_sync(self._hash.hash, normal(password), limiter=self._limiter)

    async def verify(self, password: str, password_hash: str | None) -> tuple[bool, str | None]:
        self.refuse_when_busy()
        check = partial(self._hash.verify_and_update, normal(password), password_hash or self._nobody)
        fits, renewed = await anyio.to_thread.run_sync(check, limiter=self._limiter)
        return (fits, renewed) if password_hash else (False, None)


def normal(password: str) -> str:
    return unicodedata.normalize("NFKC", password)
