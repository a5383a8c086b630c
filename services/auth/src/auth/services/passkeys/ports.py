"""The ports of passkeys."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Protocol

from auth.services.passkeys.records import Assertion, KnownCredential, NewCredential, Passkey, StoredCredential


class PasskeyReader(Protocol):
    """Reads passkeys."""

    async def all(self, account_id: int) -> Sequence[Passkey]:
        """An account's passkeys, the newest first."""


class PasskeyStore(PasskeyReader, Protocol):
    """Passkeys. All times are the database's. Callers lock the account before they change its passkeys."""

    async def handle(self, account_id: int, proposed: bytes) -> bytes:
        """The handle by which authenticators know an account: the stored one, else `proposed`, which is stored."""

    async def known(self, account_id: int) -> Sequence[KnownCredential]: ...

    async def add(self, account_id: int, name: str, new: NewCredential) -> Passkey | None:
        """None if any account has this credential."""

    async def rename(self, account_id: int, passkey_id: int, name: str) -> Passkey | None: ...

    async def remove(self, account_id: int, passkey_id: int) -> Passkey | None: ...

    async def owner(self, credential_id: bytes) -> int | None:
        """The account of a credential."""

    async def hold(self, credential_id: bytes) -> StoredCredential | None:
        """Read and lock a credential, so that its uses run one after the other."""

    async def use(self, passkey_id: int, made: Assertion) -> None:
        """Keep the counter, the backup state and the time of a use."""

    async def spend(self, challenge_hash: bytes, kept: timedelta) -> bool:
        """Use up a challenge. False if it was used before. Of several concurrent callers only one succeeds."""

    async def forget_spent(self, most: int) -> int:
        """Delete up to `most` used challenges that have expired anyway; returns how many."""
