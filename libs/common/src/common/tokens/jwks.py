"""The key set that auth publishes (RFC 7517), fetched every 30 s, and when a token names an unknown key.

The last good set is also stored in the service's own database. So a process that starts while auth is down can check
tokens, for at most an hour after the set was fetched.
"""

import asyncio
import time
from collections.abc import Callable, Mapping
from typing import Final

import structlog
from jose import jwk
from jose.backends.base import Key
from sqlalchemy.exc import SQLAlchemyError

from common.tokens.claims import ALGORITHM, KeysUnavailable
from common.tokens.known_keys import KeySet, KeyStore, PublicKey
from common.tokens.replies import NO_REPLY, Http, fetch

log = structlog.get_logger()

REFRESH_EVERY: Final = 30.0
RETRY_EVERY: Final = 0.2
COOL_DOWN: Final = 5.0
"""Seconds between two fetches for unknown keys, so that made-up key ids cause no load on auth (S-22).

The fetch every 30 s does not count: a key that signs soon after it would be refused until the cool-down ends.
"""
KEEP_FOR: Final = 3600.0
"""Seconds for which the last good set is used while auth is down."""
MAX_BYTES: Final = 64 * 1024
TIMEOUT: Final = 2.0


def parse(keys: list[PublicKey]) -> dict[str, Key]:
    """jose's key objects by id; built once, since building one costs as much as a check."""
    return {key.kid: jwk.construct(key.model_dump(), ALGORITHM) for key in keys}


class RemoteKeys:
    """`Keys` from a JWKS address. All callers share one fetch at a time."""

    def __init__(
        self,
        http: Http,
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
        self._asked_at = float("-inf")
        self._fetching = asyncio.Lock()

    @property
    def usable(self) -> bool:
        """Whether tokens can be checked: a set was fetched within the last hour."""
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
        """Runs for ever: fetches every 30 s, or every 0.2 s while there is no usable set."""
        while True:
            try:
                async with self._fetching:
                    await self._fetch()
                    if not self.usable:
                        await self._recall()
            except Exception as error:  # noqa: BLE001  # supervision: without keys no token could be checked
                log.warning("refreshing the key set failed", reason=repr(error)[:200])
            await asyncio.sleep(REFRESH_EVERY if self.usable else RETRY_EVERY)

    async def _fetch_unless_just_tried(self) -> None:
        asked_at = self._clock()
        async with self._fetching:
            if self._tried_at >= asked_at or asked_at - self._asked_at < COOL_DOWN:
                return  # it was fetched while this caller waited, or just before for another one
            self._asked_at = self._clock()
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
        """Store the set for the next start. If the database is down, the keys are still used."""
        if self._store is None:
            return
        try:
            await self._store.save(self._url, keys)
        except (SQLAlchemyError, OSError) as error:
            log.warning("key set not stored", error_type=type(error).__name__)

    async def _recall(self) -> None:
        """Use the stored set, if it is not too old."""
        if self._store is None:
            return
        try:
            kept = await self._store.load(self._url)
        except (SQLAlchemyError, OSError, ValueError) as error:
            log.warning("stored key set not read", error_type=type(error).__name__)
            return
        if kept is not None and kept[1] < KEEP_FOR:
            self._keys = parse(kept[0].keys)
            self._fetched_at = self._clock() - kept[1]
            log.warning("auth unavailable; using the stored key set", age=round(kept[1]))

    async def _load(self) -> KeySet:
        async with asyncio.timeout(TIMEOUT):
            reply = await fetch(self._http, "GET", self._url, is_ours=True, max_bytes=MAX_BYTES)
        if reply.status != 200:
            raise ValueError(f"status {reply.status}")
        keys = KeySet.model_validate_json(reply.body)
        if len({key.kid for key in keys.keys}) != len(keys.keys):
            raise ValueError("a key id occurs twice")
        return keys
