"""Costs measured without load: checking a token, and a sign-in without its hash."""

import asyncio
import secrets
import statistics
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx
from jose import jwk
from jose.backends.base import Key
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

from common.tokens.claims import ALGORITHM
from common.tokens.verifier import TokenVerifier
from tests.peers import ISSUER, Issuer, NothingRevoked

PASSWORD = secrets.token_urlsafe(16)


class FixedKeys:
    """Fixed `Keys`."""

    def __init__(self, keys: Mapping[str, Key]) -> None:
        self._keys = keys

    async def find(self, kid: str) -> Key | None:
        return self._keys.get(kid)

    def knows(self, kid: str) -> bool:
        return kid in self._keys


async def token_check(rounds: int) -> dict[str, Any]:
    """Median microseconds of a check: of a cached token, and of a new one."""
    issuer = Issuer()
    keys = FixedKeys({issuer.kid: jwk.construct(issuer.public.model_dump(), ALGORITHM)})
    new: list[float] = []
    cached: list[float] = []
    for _ in range(rounds):
        verifier = TokenVerifier(keys, NothingRevoked(), issuer=ISSUER, audience="posts")
        tokens = [issuer.sign(issuer.claims(number)) for number in range(1, 201)]
        for times in (new, cached):
            started = time.perf_counter()
            for token in tokens:
                await verifier.verify(token)
            times.append((time.perf_counter() - started) / len(tokens) * 1e6)
    return {"name": "token_check", "cached_us": statistics.median(cached), "new_us": statistics.median(new)}


@dataclass(frozen=True, slots=True)
class Person:
    """A signed-in account."""

    id: int
    email: str
    token: str

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}


def sign_up_and_in(auth: str) -> Person:
    email = f"{secrets.token_hex(8)}@example.com"
    with httpx.Client(base_url=auth, trust_env=False) as client:
        new = client.post("/auth/register", json={"email": email, "password": PASSWORD, "name": "Ada"})
        return Person(new.raise_for_status().json()["id"], email, sign_in(client, email))


def sign_in(client: httpx.Client, email: str) -> str:
    reply = client.post("/auth/token", data={"username": email, "password": PASSWORD})
    token: str = reply.raise_for_status().json()["access_token"]
    return token


def signin_overhead(auth: str, email: str, rounds: int) -> dict[str, Any]:
    """Median milliseconds of a sign-in minus those of the same hash, measured alternately."""
    hasher = PasswordHash((Argon2Hasher(memory_cost=19456, time_cost=2, parallelism=1),))
    known = hasher.hash(PASSWORD)
    above, alone = [], []
    with httpx.Client(base_url=auth, trust_env=False) as client:
        for _ in range(rounds):
            started = time.perf_counter()
            hasher.verify(PASSWORD, known)
            hashed = time.perf_counter()
            sign_in(client, email)
            alone.append((hashed - started) * 1000)
            above.append((time.perf_counter() - hashed) * 1000 - alone[-1])
    return {"name": "signin_overhead", "ms": statistics.median(above), "argon2_ms": statistics.median(alone)}


def measure_token_check(rounds: int) -> dict[str, Any]:
    return asyncio.run(token_check(rounds))
