"""Resetting a password that is forgotten or no longer trusted."""

from dataclasses import dataclass

from auth.services.audit import Action
from auth.services.errors import LinkNotValid
from auth.services.mail.requests import want_mail
from auth.services.mail.sending import Kind, send
from auth.services.one_time_tokens import OneTimeTokens, Purpose
from auth.services.passwords.policy import PasswordPolicy
from auth.services.ports import PasswordHasher, UnitOfWork
from auth.services.records import Device
from auth.services.sessions.revocation import end_sessions
from auth.services.throttle import key_of, reset_attempts
from auth.services.ways_in import begin_anew
from common.ports import Transactions


@dataclass(frozen=True, slots=True)
class PasswordReset:
    """By a link that is mailed to the account's address."""

    transactions: Transactions[UnitOfWork]
    tokens: OneTimeTokens
    passwords: PasswordHasher
    policy: PasswordPolicy

    async def ask(self, email: str, ip: str) -> None:
        """Mail a link to the address, if an account has it."""
        async with self.transactions() as work:
            await want_mail(work, Purpose.password_reset, email, ip)

    async def confirm(self, token: str, password: str, device: Device) -> None:
        """Set the password, end all sessions, invalidate the other links, and let the owner sign in at once.

        If the address was not proven before, all other ways in go too (`begin_anew`).

        A refused password does not use up the link.

        Raises:
            LinkNotValid
            WeakPassword: the password is not accepted.
        """
        async with self.transactions() as work:
            known = (await self.tokens.find(work, Purpose.password_reset, token)).account
        self.policy.check(password, email=known.email, name=known.name)
        password_hash = await self.passwords.hash(password)
        async with self.transactions() as work:
            account = (await self.tokens.use(work, Purpose.password_reset, token)).account
            if not await work.accounts.reset_password(account.id, account.email, password_hash):
                raise LinkNotValid
            # after the change of the account, so that a link that is being created right now is not missed
            await work.one_time_tokens.drop(account.id, [Purpose.password_reset, Purpose.email_change])
            if not account.email_verified:
                await begin_anew(work, account, keeps_password=True)
            await end_sessions(work, account.id, "password reset")
            await reset_attempts(work, account.email)
            await work.throttle.succeed(key_of(account.email, device))  # a known source, however many guesses there are
            await send(work, Kind.password_was_reset, account.id, account.email)
            await work.audit.note(Action.password_reset, account.id, ip=device.ip)
