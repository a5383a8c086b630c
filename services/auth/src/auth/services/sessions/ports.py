"""The ports of sessions."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

from auth.services.records import Account, Credentials, Device, OpenSession, Session
from common.ports import Page


class SessionReader(Protocol):
    """Reads sessions."""

    async def page(self, account_id: int, limit: int, after: tuple[datetime, UUID] | None) -> Page[OpenSession]:
        """Open sessions, the latest sign-in first."""


class SessionRotation(Protocol):
    """The two statements of a renewal. They need no transaction around them."""

    async def find(self, session_id: UUID, *, lock: bool = False) -> Session | None: ...

    async def rotate(self, found: Session, generation: int) -> Account | None:
        """Step from this generation to the next. Returns the account.

        None if the generation is not the current one, the session has ended, or the account is not active. One
        statement, so that of several callers at most one succeeds.
        """


class SessionStore(SessionRotation, Protocol):
    """Sessions. All times are the database's."""

    async def open(
        self,
        session_id: UUID,
        credentials: Credentials,
        secret: bytes,
        device: Device,
        client: str,
        methods: Sequence[str],
    ) -> Session | None:
        """None if the account may not sign in, or by now has another password, or wants another number of factors.

        One statement that locks the account, so that ending all its sessions never misses one that is being opened.
        """

    async def too_many(self, account_id: int) -> Sequence[UUID]:
        """Sessions above an account's limit: some of those unused longest. Also deletes some of those that ended."""

    async def use(self, found: Session) -> Account | None:
        """Note the use of a lasting session. Returns the account, locked against changes until the commit.

        None if the session has ended, or the account is not active.
        """

    async def reissue(self, session_id: UUID, parent: int) -> int:
        """Step on without spending `parent`, which invalidates the generation in between; returns the new one.

        The session was found with `lock`. Its idle limit does not move.
        """

    async def confirm(self, session_id: UUID, methods: Sequence[str]) -> None:
        """Note that the owner of a locked session has just proven who they are, by all these methods so far."""

    async def end(self, session_id: UUID, reason: str) -> datetime | None:
        """When its last access token expires; None if it had ended. `revocation` calls it."""

    async def end_all(self, account_id: int, reason: str, but: UUID | None) -> Sequence[tuple[UUID, datetime]]:
        """The ended sessions whose access tokens may still be valid, and until when."""

    async def owner(self, session_id: UUID) -> int | None:
        """The session's account, ended or not."""

    async def forget_over(self, kept: timedelta, most: int) -> int:
        """Delete sessions that ended longer ago than `kept`; returns how many."""
