"""Changing the caller's own password."""

from dataclasses import dataclass
from uuid import UUID

from auth.services.audit import Action
from auth.services.errors import WrongPassword
from auth.services.mails import Kind, send_limited
from auth.services.one_time_tokens import Purpose
from auth.services.password_policy import PasswordPolicy
from auth.services.ports import PasswordHasher, UnitOfWork
from auth.services.records import Device
from auth.services.session_revocation import end_sessions
from auth.services.throttle import Throttle, key_of, reset_attempts
from common.ports import Transactions


@dataclass(frozen=True, slots=True)
class OwnPassword:
    """Changes the caller's password."""

    transactions: Transactions[UnitOfWork]
    throttle: Throttle
    passwords: PasswordHasher
    policy: PasswordPolicy

    async def change(self, account_id: int, session_id: UUID, current: str, new: str, device: Device) -> None:
        """Replace the password, and end all other sessions: whoever knew the old one is signed out (S-05).

        Raises:
            WrongPassword: the current password is wrong.
            WeakPassword: the new password is not accepted.
            SignInThrottled, SignInClosed: too many wrong passwords before.
        """
        known = await self.throttle.confirm(account_id, current, device)
        self.policy.check(new, email=known.account.email, name=known.account.name)
        password_hash = await self.passwords.hash(new)
        async with self.transactions() as work:
            if not await work.accounts.replace_hash(account_id, known.password_hash, password_hash):
                raise WrongPassword("The current password has just been changed.")
            # these links may come from somebody who knew the old password
            await work.one_time_tokens.drop(account_id, [Purpose.password_reset, Purpose.email_change])
            ended = await end_sessions(work, account_id, "password changed", but=session_id)
            await reset_attempts(work, known.account.email)
            await work.throttle.succeed(key_of(known.account.email, device))
            await send_limited(work, Kind.password_changed, account_id, known.account.email)
            await work.audit.note(Action.password_changed, account_id, ip=device.ip, sessions_ended=ended)
