"""Challenges: random values that an authenticator signs.

A challenge is signed by the server and not stored, so asking for one costs no row, however many strangers ask. Only a
challenge that was used is stored, as a hash and until it would have expired: it works once. Its parts: 32 random bytes,
8 bytes with the time of issue in seconds since 1970, and 32 bytes of HMAC-SHA256. The MAC is over the purpose, whom the
challenge is for, and the first two parts.
"""

import hashlib
import hmac
import secrets
from collections.abc import Callable
from datetime import timedelta
from enum import StrEnum
from typing import Final

LIFETIME: Final = timedelta(minutes=5)
KEPT: Final = 2 * LIFETIME
"""How long a used challenge is remembered: for longer than it could be valid."""
RANDOM: Final = 32
TIME: Final = 8
SIZE: Final = RANDOM + TIME + hashlib.sha256().digest_size


class Purpose(StrEnum):
    """What a challenge is for."""

    registration = "registration"
    sign_in = "sign-in"


class Challenges:
    """Makes challenges under the server's key, and checks them under it and under previous keys."""

    def __init__(self, now: Callable[[], float], key: str, *previous: str) -> None:
        """`now`: seconds since 1970 by the database's clock."""
        self._now = now
        self._keys = [
            hashlib.sha256(b"trivium passkey challenges\0" + one.encode()).digest() for one in (key, *previous)
        ]

    def make(self, purpose: Purpose, bound_to: str = "") -> bytes:
        """A new challenge, of `SIZE` bytes. Raises KeysUnavailable: the database's time is not known yet."""
        content = secrets.token_bytes(RANDOM) + int(self._now()).to_bytes(TIME, "big")
        return content + mac(self._keys[0], purpose, bound_to, content)

    def is_good(self, challenge: bytes, purpose: Purpose, bound_to: str = "") -> bool:
        """Whether this server made it for this purpose and caller, within its lifetime."""
        content, given = challenge[: RANDOM + TIME], challenge[RANDOM + TIME :]
        if len(challenge) != SIZE:
            return False
        if not any(hmac.compare_digest(mac(key, purpose, bound_to, content), given) for key in self._keys):
            return False
        return self._now() - int.from_bytes(content[RANDOM:], "big") < LIFETIME.total_seconds()


def mac(key: bytes, purpose: Purpose, bound_to: str, content: bytes) -> bytes:
    return hmac.digest(key, f"{purpose}\0{bound_to}\0".encode() + content, "sha256")


def hash_challenge(challenge: bytes) -> bytes:
    """The stored form of a used challenge."""
    return hashlib.sha256(challenge).digest()
