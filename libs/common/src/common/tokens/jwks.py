"""The key set that auth publishes (RFC 7517), kept fresh here: every 30 s, and when an unknown key shows up.

The last good set also lies in the service's own database, so that a process that starts while auth is away can check
tokens, for at most an hour after the set was had.
"""

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal

import httpx
import structlog
from jose import jwk
from jose.backends.base import Key
from pydantic import BaseModel, Field
from sqlalchemy import DateTime, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Mapped, mapped_column

from common.db.database import Database, ReadSession
from common.tokens.replies import NO_REPLY, fetch
from common.tokens.verifier import ALGORITHM, KeysUnavailable

log = structlog.get_logger()

REFRESH_EVERY: Final = 30.0
RETRY_EVERY: Final = 0.2
COOL_DOWN: Final = 5.0
"""Seconds between two fetches for unknown keys: a flood of made-up ids costs auth nothing (S-22)."""
KEEP_FOR: Final = 3600.0
"""Seconds for which the last good set serves while auth is away."""
MAX_BYTES: Final = 64 * 1024
MOST_KEYS: Final = 20
"""In one set. auth makes no rotation that would publish more: readers would do without the whole set."""
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

    keys: list[PublicKey] = Field(min_length=1, max_length=MOST_KEYS)


def parse(keys: list[PublicKey]) -> dict[str, Key]:
    """jose's key objects by id; made once, since making one costs as much as a check."""
    return {key.kid: jwk.construct(key.model_dump(), ALGORITHM) for key in keys}


class KnownKeysRow:
    """Columns of the table `known_keys`, which has one row."""

    __tablename__ = "known_keys"

    url: Mapped[str] = mapped_column(Text, primary_key=True)
    """Where the set came from: one from another auth is not believed."""
    keys: Mapped[dict[str, Any]] = mapped_column(JSONB)
    """A `KeySet`."""
    fetched_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


KEEP: Final = text("""
    INSERT INTO known_keys (url, keys, fetched_at) VALUES (:url, CAST(:keys AS jsonb), clock_timestamp())
    ON CONFLICT (url) DO UPDATE SET keys = excluded.keys, fetched_at = excluded.fetched_at
""")
RECALL: Final = text("""
    SELECT keys, extract(epoch FROM clock_timestamp() - fetched_at)::float AS age FROM known_keys WHERE url = :url
""")


@dataclass(frozen=True, slots=True)
class KeyStore:
    """Keeps the last good set in the service's own database."""

    database: Database

    async def save(self, url: str, keys: KeySet) -> None:
        """Note the set that was had just now."""
        async with self.database.transaction() as session:
            await session.execute(KEEP, {"url": url, "keys": keys.model_dump_json()})

    async def load(self, url: str) -> tuple[KeySet, float] | None:
        """The set had last, and its age in seconds."""
        row = (await ReadSession(self.database.upkeep).execute(RECALL, {"url": url})).one_or_none()
        return (KeySet.model_validate(row.keys), max(0.0, row.age)) if row else None


class RemoteKeys:
    """`Keys` from a JWKS address. One fetch at a time, whoever asks."""

    def __init__(
        self,
        http: httpx.AsyncClient,
        url: str,
        store: KeyStore | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._http = http
        self._url = url
        self._store = store
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
            try:
                async with self._fetching:
                    await self._fetch()
                    if not self.usable:
                        await self._recall()
            except Exception as error:  # noqa: BLE001  # supervision: in an hour no token could be checked
                log.warning("key set not kept fresh", reason=repr(error)[:200])
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
            known = await self._load()
            keys = parse(known.keys)
        except (*NO_REPLY, TimeoutError) as error:
            log.warning("key set not fetched", url=self._url, reason=repr(error)[:200])
            return
        self._keys = keys
        self._fetched_at = self._clock()
        await self._keep(known)

    async def _keep(self, keys: KeySet) -> None:
        """For the next start. A database that is away is no reason to do without the keys."""
        if self._store is None:
            return
        try:
            await self._store.save(self._url, keys)
        except (SQLAlchemyError, OSError) as error:
            log.warning("key set not kept", error_type=type(error).__name__)

    async def _recall(self) -> None:
        """Go on with the set that this service had last, while it is young enough."""
        if self._store is None:
            return
        try:
            kept = await self._store.load(self._url)
        except (SQLAlchemyError, OSError, ValueError) as error:
            log.warning("key set not recalled", error_type=type(error).__name__)
            return
        if kept is not None and kept[1] < KEEP_FOR:
            self._keys = parse(kept[0].keys)
            self._fetched_at = self._clock() - kept[1]
            log.warning("auth is away; going on with the last key set", age=round(kept[1]))

    async def _load(self) -> KeySet:
        async with asyncio.timeout(TIMEOUT):
            reply = await fetch(self._http, "GET", self._url, max_bytes=MAX_BYTES)
        if reply.status != 200:
            raise ValueError(f"status {reply.status}")
        keys = KeySet.model_validate_json(reply.body)
        if len({key.kid for key in keys.keys}) != len(keys.keys):
            raise ValueError("a key id occurs twice")
        return keys
