"""Fresh confirmations: whoever changes the ways into an account has just proved who they are.

A sign-in within the last ten minutes is one, by whatever way. So is the password, given again: it is noted at the
session (`confirmed_at`), and in access tokens that are issued from then on (`auth_time`).
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from uuid import UUID

from auth.services.audit import Action
from auth.services.passkeys.errors import ConfirmationNeeded
from auth.services.ports import UnitOfWork
from auth.services.records import Device
from auth.services.throttle import Throttle
from common.ports import Transactions

FRESH: Final = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Confirmation:
    """Confirms by the password that a session's owner is at the device."""

    transactions: Transactions[UnitOfWork]
    throttle: Throttle

    async def by_password(self, account_id: int, session_id: UUID, password: str, device: Device) -> None:
        """Note it at the session.

        Raises:
            WrongPassword: it is not the account's password.
            SignInThrottled, SignInClosed: too many wrong passwords before.
        """
        await self.throttle.confirm(account_id, password, device)
        async with self.transactions() as work:
            await work.confirmations.confirm(session_id)
            await work.audit.note(Action.identity_confirmed, account_id, ip=device.ip, session=str(session_id))


async def require_fresh(work: UnitOfWork, account_id: int, session_id: UUID) -> None:
    """Raises ConfirmationNeeded: the session has ended, or its owner has not proved lately who they are."""
    session = await work.sessions.find(session_id)
    is_own = session is not None and session.account.id == account_id and session.alive
    if session is None or not is_own or session.now - session.proven_at > FRESH.total_seconds():
        raise ConfirmationNeeded("Confirm first that it is you: give your password, or sign in again.")
