"""The stores of the second factor. All times are the database's."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Protocol
from uuid import UUID

from auth.services.records import Credentials, Device
from auth.services.second_factor.records import Challenge, FactorStatus, StoredFactor, TrustedDevice


class SecondFactorStore(Protocol):
    """Authenticators and recovery codes. Callers have locked the account, except for `status`."""

    async def status(self, account_id: int) -> FactorStatus: ...

    async def find(self, account_id: int, kept: timedelta) -> StoredFactor | None:
        """None if there is none, or if it was not confirmed within `kept`."""

    async def put(self, account_id: int, secret: bytes) -> bool:
        """Store an authenticator to be confirmed, in place of another such. False if a confirmed one is there."""

    async def turn_on(self, account_id: int, step: int) -> bool:
        """Confirm the authenticator with the code of a step. False if it was confirmed before."""

    async def use_step(self, account_id: int, step: int) -> bool:
        """False if a code of this step or a later one was accepted before. One statement: only one caller succeeds."""

    async def renew(self, account_id: int, old: bytes, new: bytes) -> bool:
        """Store the secret under another key. False if it has changed meanwhile."""

    async def secrets(self, after: int, most: int) -> Sequence[tuple[int, bytes]]:
        """Secrets by account, in the order of accounts."""

    async def replace_codes(self, account_id: int, hashes: Sequence[bytes]) -> None: ...

    async def use_code(self, account_id: int, code_hash: bytes) -> bool:
        """Delete a recovery code. False if there is none. One statement: only one caller succeeds."""

    async def remove(self, account_id: int) -> bool:
        """Delete the authenticator and the codes. False if the account had no confirmed one."""

    async def forget_pending(self, kept: timedelta) -> None:
        """Delete authenticators that were not confirmed within `kept`."""


class ChallengeStore(Protocol):
    """Sign-ins that wait for their second factor."""

    async def put(
        self,
        token_hash: bytes,
        known: Credentials,
        digest: bytes,
        methods: Sequence[str],
        via: str,
        lifetime: timedelta,
    ) -> bool:
        """False if the account has changed meanwhile: it may not sign in, or has another password or no factor.

        One statement that locks the account, so that dropping all its challenges never misses one.
        """

    async def owner(self, token_hash: bytes) -> int | None:
        """The account of a challenge that may still be tried."""

    async def take_try(self, token_hash: bytes, most: int) -> Challenge | None:
        """Count a try, and lock the challenge. None if it may not be tried any more."""

    async def drop(self, token_hash: bytes) -> None: ...

    async def drop_all(self, account_id: int) -> None: ...

    async def forget_expired(self) -> None: ...


class TrustedDeviceStore(Protocol):
    """Devices that need no second factor. `lifetime` is how long they are trusted."""

    async def put(self, device_id: UUID, account_id: int, token_hash: bytes, device: Device, most: int) -> None:
        """Also deletes the oldest ones above the limit."""

    async def use(self, account_id: int, token_hash: bytes, lifetime: timedelta) -> UUID | None:
        """Note the use of a device of this account. None if it is not trusted any more."""

    async def all(self, account_id: int, lifetime: timedelta) -> Sequence[TrustedDevice]:
        """The latest first."""

    async def drop(self, account_id: int, device_id: UUID) -> bool: ...

    async def drop_all(self, account_id: int) -> int:
        """Returns how many."""

    async def forget_old(self, lifetime: timedelta) -> None: ...
