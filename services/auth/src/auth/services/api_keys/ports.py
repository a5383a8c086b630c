"""The port of API keys."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

from auth.services.api_keys.records import ApiKey, UsableKey


class ApiKeyStore(Protocol):
    """API keys. All times are the database's."""

    async def of(self, account_id: int) -> Sequence[ApiKey]:
        """An account's keys that are not revoked, the newest first."""

    async def add(
        self, key_id: UUID, account_id: int, key_hash: bytes, name: str, scopes: Sequence[str], lasts: timedelta | None
    ) -> ApiKey:
        """The caller has locked the account, and seen in `of` that there is room for it."""

    async def usable(self, key_hash: bytes) -> UsableKey | None:
        """None if it is unknown, revoked or expired, or its account may not sign in. Takes the same time either way."""

    async def note_use(self, key_id: UUID) -> None:
        """Note that it is used now, unless that was noted lately."""

    async def find(self, key_hash: bytes) -> tuple[UUID, int] | None:
        """The key that is not revoked, and its account."""

    async def revoke(self, key_id: UUID, account_id: int, reason: str) -> datetime | None:
        """When its last access token expires; None if the account has no such key, or it was revoked before."""

    async def revoke_all(self, account_id: int, reason: str) -> Sequence[tuple[UUID, datetime]]:
        """The keys revoked by this, each with when its last access token expires."""

    async def forget_over(self, kept: timedelta, most: int) -> int:
        """Delete keys that were revoked or expired longer ago than `kept`; returns how many."""
