"""The schedule of signing keys. Keys go from `next` to `active` to `retired`; any of them may be `revoked`.

A `next` key is published before it signs, so that every service knows it by then. A retired key stays published until
its last token expires. So a rotation refuses no token.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from auth.services.audit import SERVER, Action
from auth.services.errors import KeySetFull, KeysNotOurs, KeyTooYoung, NoSuchKey
from auth.services.ports import UnitOfWork
from auth.services.records import StoredKey
from auth.services.signing_keys.material import KeyCipher, new_key
from common.spans import background_span
from common.tokens.known_keys import MOST_KEYS

JWKS_MAX_AGE: Final = timedelta(minutes=5)
"""How long readers may cache a published set."""
PUBLISH_AHEAD: Final = JWKS_MAX_AGE * 2
RETIRED_FOR: Final = JWKS_MAX_AGE + timedelta(minutes=15 + 5)
"""A reader's cache, the longest life of a token, and a margin for clocks (S-20)."""


@dataclass(frozen=True, slots=True)
class KeySchedule:
    """Manages the keys, in transactions of its caller."""

    cipher: KeyCipher
    rotate_every: timedelta

    async def maintain(self, work: UnitOfWork) -> Sequence[StoredKey]:
        """Create or rotate keys if due: a first, a next one, a rotation. Returns the published keys, newest first."""
        keys = await work.keys.published(RETIRED_FOR)
        active = in_state(keys, "active")
        if not self._is_due(keys) or (active is not None and not self.cipher.opens(active)):
            return keys  # without the right secret it must not create keys that no replica can open
        with background_span("rotate signing keys"):
            await work.keys.lock()  # only one replica does it
            keys = await work.keys.published(RETIRED_FOR)
            if self._is_due(keys):
                if in_state(keys, "active") is None or self._rotation_is_due(keys):
                    await self._activate_next(work, keys)
                await self._have_next(work)
            return await work.keys.published(RETIRED_FOR)

    async def rotate(self, work: UnitOfWork, *, at_once: bool, secret_lost: bool = False) -> str:
        """Let the next key sign from now on; returns its id.

        Raises:
            KeyTooYoung: it was not published long enough, and `at_once` is False.
            KeysNotOurs: unless `secret_lost` confirms that the old secret is lost.
            KeySetFull: more keys would be published than readers accept.
        """
        await work.keys.lock()
        keys = await work.keys.published(RETIRED_FOR)
        if not secret_lost:
            self._refuse_unless_ours(keys)
        coming = in_state(keys, "next")
        if not at_once and (coming is None or coming.age < PUBLISH_AHEAD):
            raise KeyTooYoung(f"The next key must have been published for {PUBLISH_AHEAD} before it signs.")
        kid = await self._activate_next(work, keys)
        await self._have_next(work)
        if len(await work.keys.published(RETIRED_FOR)) > MOST_KEYS:
            raise KeySetFull(
                f"{MOST_KEYS} keys are published already, the most that readers accept. A retired key leaves the set"
                f" {int(RETIRED_FOR.total_seconds()) // 60} minutes after it stopped signing, or once it is revoked."
            )
        return kid

    async def revoke(self, work: UnitOfWork, kid: str) -> None:
        """Have all tokens refused that a key has signed. Another key signs from now on.

        Raises:
            NoSuchKey: it is unknown, or was revoked before.
            KeysNotOurs
        """
        await work.keys.lock()
        self._refuse_unless_ours([key for key in await work.keys.published(RETIRED_FOR) if key.kid != kid])
        if not await work.keys.revoke(kid):
            raise NoSuchKey(f"There is no key {kid} that could be revoked.")
        await work.audit.note(Action.key_revoked, None, actor=SERVER, kid=kid)
        keys = await work.keys.published(RETIRED_FOR)
        if in_state(keys, "active") is None:
            await self._activate_next(work, keys)
        await self._have_next(work)

    def _refuse_unless_ours(self, keys: Sequence[StoredKey]) -> None:
        """With another secret than the replicas have, keys created here would sign, but not open there."""
        if not all(self.cipher.opens(key) for key in keys if key.state in ("active", "next")):
            raise KeysNotOurs("KEY_ENCRYPTION_KEY does not decrypt the signing keys. Is it that of the running auth?")

    def _is_due(self, keys: Sequence[StoredKey]) -> bool:
        return any(in_state(keys, state) is None for state in ("active", "next")) or self._rotation_is_due(keys)

    def _rotation_is_due(self, keys: Sequence[StoredKey]) -> bool:
        active, coming = in_state(keys, "active"), in_state(keys, "next")
        if active is None or coming is None or len(keys) >= MOST_KEYS:
            return False
        return active.active_for >= self.rotate_every and coming.age >= PUBLISH_AHEAD

    async def _activate_next(self, work: UnitOfWork, keys: Sequence[StoredKey]) -> str:
        before, coming = in_state(keys, "active"), in_state(keys, "next")
        if coming is not None and not self.cipher.opens(coming):  # stored under a lost secret
            await work.keys.revoke(coming.kid)
            coming = None
        if coming is None:
            coming = new_key(self.cipher, "next")
            await work.keys.add(coming)
        await work.keys.activate(coming.kid)
        if before is not None:
            await work.audit.note(Action.key_retired, None, actor=SERVER, kid=before.kid)
        await work.audit.note(Action.key_activated, None, actor=SERVER, kid=coming.kid)
        return coming.kid

    async def _have_next(self, work: UnitOfWork) -> None:
        if in_state(await work.keys.published(RETIRED_FOR), "next") is None:
            coming = new_key(self.cipher, "next")
            await work.keys.add(coming)
            await work.audit.note(Action.key_created, None, actor=SERVER, kid=coming.kid)


def in_state(keys: Sequence[StoredKey], state: str) -> StoredKey | None:
    return next((key for key in keys if key.state == state), None)
