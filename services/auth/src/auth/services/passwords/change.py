"""Changing the caller's own password."""

from dataclasses import dataclass

from auth.services.audit import Action
from auth.services.confirmation import require_confirmed
from auth.services.errors import WrongPassword
from auth.services.mail.sending import Kind, send_limited
from auth.services.one_time_tokens import Purpose
from auth.services.passwords.policy import PasswordPolicy
from auth.services.ports import PasswordHasher, UnitOfWork
from auth.services.records import Device
from auth.services.sessions.revocation import end_sessions
from auth.services.throttle import Throttle, key_of, reset_attempts
from common.ports import Transactions
from common.tokens.claims import Principal


@dataclass(frozen=True, slots=True)
class OwnPassword:
    """Changes the caller's password."""

    transactions: Transactions[UnitOfWork]
    throttle: Throttle
    passwords: PasswordHasher
    policy: PasswordPolicy

    async def change(self, caller: Principal, current: str | None, new: str, device: Device) -> None:
        """Replace the password, and end all other sessions: whoever knew the old one is signed out (S-05).

        An account without a password gets its first one by a recent proof instead of a current password.

        Raises:
            ProofMissing: the account has a password, and it was not given.
            InsufficientUserAuthentication, NotThisClient: it has none, and the last proof is too old.
            WrongPassword: the current password is wrong.
            WeakPassword: the new password is not accepted.
            SignInThrottled, SignInClosed: too many wrong passwords before.
        """
        account_id = caller.account_id
        if current is None:
            async with self.transactions() as work:
                known = await require_confirmed(work, caller, None)
        else:
            known = await self.throttle.confirm(account_id, current, device)
        self.policy.check(new, email=known.account.email, name=known.account.name)
        password_hash = await self.passwords.hash(new)
        async with self.transactions() as work:
            await work.managed_accounts.lock(account_id)  # first, before sessions
            if current is None:
                await require_confirmed(work, caller, None)  # again: hashing has taken its time
            if not await work.accounts.replace_hash(account_id, known.password_hash, password_hash):
                raise WrongPassword("The current password has just been changed.")
            # these links may come from somebody who knew the old password
            await work.one_time_tokens.drop(account_id, [Purpose.password_reset, Purpose.email_change])
            ended = await end_sessions(work, account_id, "password changed", but=caller.session_id)
            await reset_attempts(work, known.account.email)
            await work.throttle.succeed(key_of(known.account.email, device))
            await send_limited(work, Kind.password_changed, account_id, known.account.email)
            about = {"sessions_ended": ended} | ({"first": True} if current is None else {})
            await work.audit.note(Action.password_changed, account_id, ip=device.ip, **about)
