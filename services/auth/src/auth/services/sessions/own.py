"""The caller's sessions: listing them, and signing out."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from auth.services.audit import Action
from auth.services.errors import SessionNotFound
from auth.services.ports import UnitOfWork
from auth.services.records import Device, OpenSession
from auth.services.sessions.ports import SessionReader
from auth.services.sessions.revocation import end_session, end_sessions
from common.ports import Page, Transactions


@dataclass(frozen=True, slots=True)
class SessionService:
    """Lists and ends the caller's own sessions."""

    transactions: Transactions[UnitOfWork]
    reader: SessionReader

    async def page(self, account_id: int, limit: int, after: tuple[datetime, UUID] | None) -> Page[OpenSession]:
        """Open sessions, the latest sign-in first."""
        return await self.reader.page(account_id, limit, after)

    async def end(self, account_id: int, session_id: UUID, device: Device) -> None:
        """Sign out one device.

        Raises:
            SessionNotFound: it has ended, or is somebody else's.
        """
        async with self.transactions() as work:
            if await work.sessions.owner(session_id) != account_id or not await end_session(
                work, session_id, "ended by its owner"
            ):
                raise SessionNotFound("You are not signed in there.")
            await work.audit.note(Action.session_ended, account_id, ip=device.ip, session=str(session_id))

    async def end_others(self, account_id: int, current: UUID, device: Device) -> None:
        """Sign out all devices but the caller's. API keys are no devices: they stay."""
        async with self.transactions() as work:
            # first, as by all who open or renew sessions: one that is being opened right now is not missed
            await work.managed_accounts.lock(account_id)
            count = await end_sessions(work, account_id, "ended by its owner", but=current, keys=False)
            await work.audit.note(Action.other_sessions_ended, account_id, ip=device.ip, sessions=count)

    async def sign_out(self, account_id: int, session_id: UUID, device: Device) -> None:
        """End the caller's own session. A repetition changes nothing."""
        async with self.transactions() as work:
            if await end_session(work, session_id, "signed out"):
                await work.audit.note(Action.signed_out, account_id, ip=device.ip, session=str(session_id))
