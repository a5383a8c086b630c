"""The key set that auth publishes (RFC 7517), kept fresh here: every 30 s, and when an unknown key shows up."""

import asyncio
import time
from collections.abc import Callable, Mapping
from typing import Final, Literal

import httpx
import structlog
from jose import jwk
from jose.backends.base import Key
from pydantic import BaseModel, Field

from common.replies import NO_REPLY, fetch
from common.tokens import ALGORITHM, KeysUnavailable

log = structlog.get_logger()

REFRESH_EVERY: Final = 30.0
RETRY_EVERY: Final = 0.2
COOL_DOWN: Final = 5.0
"""Seconds between two fetches for unknown keys: a flood of made-up ids costs auth nothing (S-22)."""
KEEP_FOR: Final = 3600.0
"""Seconds for which the last good set serves while auth is away."""
MAX_BYTES: Final = 64 * 1024
TIMEOUT: Final = 2.0


class PublicKey(BaseModel):
    """A public ES256 key (RFC 7518, section 6.2.1)."""

    kty: Literal["EC"] = "EC"
    crv: Literal["P-256"] = "P-256"
    alg: Literal["ES256"] = "ES256"
    use: Literal["sig"] = "sig"
    kid: str = Field(min_length=1, max_length=128, examples=["2026-11-22.1"])
    # the key of RFC 7517, appendix A.1
    x: str = Field(min_length=43, max_length=43, examples=["MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4"])
    y: str = Field(min_length=43, max_length=43, examples=["4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM"])


class KeySet(BaseModel):
    """What `/.well-known/jwks.json` answers."""

    keys: list[PublicKey] = Field(min_length=1, max_length=20)


def parse(keys: list[PublicKey]) -> dict[str, Key]:
    """jose's key objects by id; made once, since making one costs as much as a check."""
    return {key.kid: jwk.construct(key.model_dump(), ALGORITHM) for key in keys}


class RemoteKeys:
    """`Keys` from a JWKS address. One fetch at a time, whoever asks."""

    def __init__(self, http: httpx.AsyncClient, url: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._http = http
        self._url = url
        self._clock = clock
        self._keys: Mapping[str, Key] = {}
        self._fetched_at = float("-inf")
        self._tried_at = float("-inf")
        self._fetching = asyncio.Lock()

    @property
    def usable(self) -> bool:
        """Whether tokens can be checked: a set was had within the last hour."""
        return self._clock() - self._fetched_at < KEEP_FOR

    async def keys_are_known(self) -> str | None:
        """For `/readyz`."""
        return None if self.usable else "token keys: not known yet"

    def knows(self, kid: str) -> bool:
        return kid in self._keys and self.usable

    async def find(self, kid: str) -> Key | None:
        if not self.knows(kid):
            await self._fetch_unless_just_tried()
        if not self.usable:
            raise KeysUnavailable("The keys to check access tokens are not known yet.")
        return self._keys.get(kid)

    async def keep_fresh(self) -> None:
        """Runs as long as the service: fetches every 30 s, and quickly again as long as there is nothing usable."""
        while True:
            async with self._fetching:
                await self._fetch()
            await asyncio.sleep(REFRESH_EVERY if self.usable else RETRY_EVERY)

    async def _fetch_unless_just_tried(self) -> None:
        asked_at = self._clock()
        async with self._fetching:
            if self._tried_at >= asked_at or asked_at - self._tried_at < COOL_DOWN:
                return  # somebody else has fetched while this one waited, or just before
            await self._fetch()

    async def _fetch(self) -> None:
        self._tried_at = self._clock()
        try:
            keys = await self._load()
        except (*NO_REPLY, TimeoutError) as error:
            log.warning("key set not fetched", url=self._url, reason=repr(error)[:200])
            return
        self._keys = keys
        self._fetched_at = self._clock()

    async def _load(self) -> dict[str, Key]:
        async with asyncio.timeout(TIMEOUT):
            reply = await fetch(self._http, "GET", self._url, max_bytes=MAX_BYTES)
        if reply.status != 200:
            raise ValueError(f"status {reply.status}")
        return parse(KeySet.model_validate_json(reply.body).keys)
