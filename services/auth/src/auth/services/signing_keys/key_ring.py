"""The signing keys in a process: read every second, and rotated by schedule."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import structlog
from jose import jwk
from jose.backends.base import Key

from auth.services.ports import UnitOfWork
from auth.services.records import StoredKey
from auth.services.signing_keys.material import WrongEncryptionKey
from auth.services.signing_keys.schedule import KeySchedule, in_state
from common.ports import Transactions
from common.tokens.claims import ALGORITHM, KeysUnavailable
from common.tokens.jwks import parse
from common.tokens.known_keys import MOST_KEYS, PublicKey

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class KeyRing:
    """A snapshot of the keys."""

    signing: tuple[str, Key]
    public: dict[str, Key]
    published: list[PublicKey]
    made_of: frozenset[tuple[str, str]]
    """Ids and states, to skip a rebuild if nothing has changed."""


class OwnKeys:
    """auth's own keys, as signer and as `common.tokens.verifier.Keys`."""

    REFRESH_EVERY: Final = 1.0
    RETRY_EVERY: Final = 0.5

    def __init__(self, transactions: Transactions[UnitOfWork], schedule: KeySchedule) -> None:
        self._transactions = transactions
        self._schedule = schedule
        self._ring: KeyRing | None = None
        self._wrong_secret = False
        self._loading = asyncio.Lock()
        self.to_publish = 0
        """How many keys should be published now; only the newest `MOST_KEYS` can be."""

    def active(self) -> tuple[str, Key]:
        return self._current().signing

    def published(self) -> list[PublicKey]:
        return self._current().published

    async def find(self, kid: str) -> Key | None:
        return self._current().public.get(kid)

    def knows(self, kid: str) -> bool:
        return self._ring is not None and kid in self._ring.public

    def _current(self) -> KeyRing:
        if self._ring is None:
            raise KeysUnavailable("The signing keys are not loaded yet.")
        return self._ring

    async def keys_are_known(self) -> str | None:
        """For `/readyz`."""
        if self._wrong_secret:
            return "signing keys: KEY_ENCRYPTION_KEY does not open them"
        return None if self._ring else "signing keys: not loaded yet"

    async def load(self) -> None:
        """Do what is due, and read the keys."""
        async with self._loading:  # an overlapping loading could put back older keys
            await self._load()

    async def _load(self) -> None:
        async with self._transactions() as work:
            stored = await self._schedule.maintain(work)
        self.to_publish = len(stored)
        stored = stored[:MOST_KEYS]  # the previous release could create more; the active key is among the newest two
        made_of = frozenset((key.kid, key.state) for key in stored)
        if self._ring is not None and self._ring.made_of == made_of:
            return
        try:
            signing = self._open(stored)
        except WrongEncryptionKey:
            self._wrong_secret = True
            raise
        published = [PublicKey.model_validate(key.public_jwk) for key in stored]
        self._ring = KeyRing(signing, parse(published), published, made_of)
        self._wrong_secret = False

    def _open(self, stored: Sequence[StoredKey]) -> tuple[str, Key]:
        active = in_state(stored, "active")
        if active is None:
            raise KeysUnavailable("No key is active.")
        pem = self._schedule.cipher.decrypt(active.kid, active.private_key)
        return active.kid, jwk.construct(pem.decode(), ALGORITHM)

    async def keep_fresh(self) -> None:
        """Runs for ever. If the database is down, it tries again."""
        while True:
            try:
                await self.load()
            except Exception as error:  # noqa: BLE001  # supervision: the next attempt may succeed; /readyz shows it
                log.warning("signing keys not loaded", reason=repr(error)[:200])
            await asyncio.sleep(self.REFRESH_EVERY if self._ring else self.RETRY_EVERY)
