"""What the rules need of the outside, in their own words."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

from auth.services.audit import AuditTrail
from auth.services.records import (
    Account,
    Credentials,
    Device,
    KeyLine,
    OpenSession,
    ServiceIdentity,
    Session,
    StoredKey,
)
from common.events import Events, RevocationStore
from common.ports import Slice


class AccountStore(Protocol):
    """Accounts."""

    async def add(self, account_id: int, email: str, password_hash: str, name: str) -> Account | None:
        """The new account; None if the id or the address is taken."""

    async def get(self, account_id: int) -> Account | None: ...

    async def page(self, after: int, limit: int) -> Sequence[Account]:
        """Accounts with larger ids, in their order."""

    async def credentials(self, email: str) -> Credentials | None: ...

    async def next_second(self) -> int:
        """The end of the current second, in seconds since 1970: all tokens until now were issued before it."""

    async def has_email(self, email: str) -> bool: ...

    async def replace_hash(self, account_id: int, old: str, new: str) -> None:
        """Store a hash made with newer parameters, unless the password was changed meanwhile."""


class SessionStore(Protocol):
    """Sign-ins. All times are the database's."""

    async def open(self, session_id: UUID, account_id: int, secret: bytes, device: Device) -> None: ...

    async def find(self, session_id: UUID, *, lock: bool = False) -> Session | None: ...

    async def rotate(self, session_id: UUID, generation: int) -> bool:
        """Step from this generation to the next; False if it is no longer the current one or the session is over.

        One statement, so that of any number of callers at most one steps.
        """

    async def end(self, session_id: UUID, reason: str) -> datetime | None:
        """Until when its access tokens may be good; None if it was over before. Called by `services.ending` only."""

    async def end_all(self, account_id: int, reason: str, but: UUID | None) -> Sequence[tuple[UUID, datetime]]:
        """The sessions that were still open, and until when their access tokens may be good."""

    async def page(self, account_id: int, limit: int, after: tuple[datetime, UUID] | None) -> Slice[OpenSession]:
        """Those that go on, the latest sign-in first."""

    async def owner(self, session_id: UUID) -> int | None:
        """Whose it is, over or not."""

    async def forget_over(self, kept: timedelta, most: int) -> int:
        """Remove sessions that have been over for so long; returns how many were removed."""


class ClientStore(Protocol):
    """The identities of services."""

    async def find(self, client_id: str) -> ServiceIdentity | None: ...


class KeyStore(Protocol):
    """Signing keys."""

    async def published(self, retired_for: timedelta) -> Sequence[StoredKey]:
        """Those that sign or will, and those that stopped no longer ago than that; newest first."""

    async def lines(self) -> Sequence[KeyLine]:
        """All there ever were, newest first."""

    async def lock(self) -> None:
        """Until the transaction ends, nobody else changes keys."""

    async def add(self, key: StoredKey) -> None: ...

    async def activate(self, kid: str) -> None:
        """Let this key sign, and retire the one that did."""

    async def revoke(self, kid: str) -> bool:
        """False if there is no such key that was not revoked before."""


class Work(Protocol):
    """What one short transaction can do."""

    @property
    def accounts(self) -> AccountStore: ...

    @property
    def sessions(self) -> SessionStore: ...

    @property
    def keys(self) -> KeyStore: ...

    @property
    def clients(self) -> ClientStore: ...

    @property
    def events(self) -> Events: ...

    @property
    def revocations(self) -> RevocationStore: ...

    @property
    def audit(self) -> AuditTrail: ...


class PasswordHasher(Protocol):
    """argon2id, somewhere else than on the event loop."""

    async def hash(self, password: str) -> str: ...

    async def verify(self, password: str, password_hash: str | None) -> tuple[bool, str | None]:
        """Whether it fits, and a new hash if the old one has outdated parameters. None costs the same time."""
