"""Accounts of the RealWorld API: sign-up with a username, and changes without the current password.

Only with the setting CONDUIT, for tokens of that client and accounts with a username, but without roles: whoever has
one may change the address and the password, as that API promises. Tokens of other clients may not, and other accounts
keep their rules.
"""

from dataclasses import dataclass
from uuid import UUID

from auth.services.accounts import Registration
from auth.services.addresses.policy import AddressPolicy
from auth.services.audit import Action, masked
from auth.services.errors import TooManyMails, UsernameNeeded
from auth.services.events import account_event
from auth.services.mail.requests import want_mail
from auth.services.mail.sending import DIRECT_CHANGE, Kind, send_limited
from auth.services.one_time_tokens import Purpose
from auth.services.passwords.policy import PasswordPolicy
from auth.services.ports import PasswordHasher, UnitOfWork
from auth.services.records import Account, Device, Tokens
from auth.services.sessions.opening import LASTING
from auth.services.sessions.revocation import end_sessions
from auth.services.sign_in import SignInService
from auth.services.throttle import reset_attempts
from common.ports import Transactions
from common.tokens.claims import InvalidToken


@dataclass(frozen=True, slots=True)
class ConduitSignUp:
    """Opens an account and its first session, in the transaction of one request."""

    registration: Registration
    sign_in: SignInService

    async def register(self, email: str, password: str, username: str, device: Device, locale: str | None) -> Tokens:
        """Raises what `Registration.register` raises."""
        opened = await self.registration.register(
            email, password, username, username=username, locale=locale, ip=device.ip
        )
        return await self.sign_in.with_new_account(self.registration.work, opened, device, LASTING)


@dataclass(frozen=True, slots=True)
class ConduitChanges:
    """Changes the caller's account at once."""

    transactions: Transactions[UnitOfWork]
    passwords: PasswordHasher
    policy: PasswordPolicy
    addresses: AddressPolicy

    async def change(
        self,
        account_id: int,
        session_id: UUID,
        device: Device,
        *,
        email: str | None = None,
        username: str | None = None,
        password: str | None = None,
    ) -> Account:
        """Change what is given. Another address is not verified; another password ends all other sessions.

        The previous address is told of both, so that its owner notices a thief.

        Raises:
            SpecialUseDomain, AddressNeedsUtf8, WeakPassword: the new values are not accepted.
            EmailTaken, UsernameTaken: another account has them.
            TooManyMails: the account was given other addresses too often, refused ones included.
            InvalidToken: the session has ended, or the account may not sign in this way.
            UsernameNeeded: the account was opened elsewhere, under other rules.
        """
        if email is not None:
            self.addresses.check(email)
        if password is not None:
            self.policy.check(password, email=email or "", name=username or "")
        if email is not None:
            await self._count(account_id, session_id, email)
        password_hash = await self.passwords.hash(password) if password is not None else None
        async with self.transactions() as work:
            before = await self._lock(work, account_id, session_id)
            after = await work.accounts.change(account_id, email=email, username=username, password_hash=password_hash)
            await work.events.publish(account_event(after))
            if password_hash is not None:
                await self._note_password(work, before, session_id, device)
            if after.email != before.email:
                await self._note_email(work, before, after, device)
            if after.username != before.username:
                await work.audit.note(Action.username_changed, after.id, ip=device.ip)
        return after

    async def _count(self, account_id: int, session_id: UUID, email: str) -> None:
        """Count a change of address, in a transaction of its own: a refused one counts as well.

        Otherwise whoever has a session could ask for any number of addresses whether they have an account, and have
        mails sent to them.
        """
        async with self.transactions() as work:
            if email == (await self._lock(work, account_id, session_id)).email:
                return
            wait = await work.mail_counts.take(str(account_id), DIRECT_CHANGE)
        if wait is not None:
            raise TooManyMails("The address was changed too often lately; try again later.", retry_after=wait)

    async def _lock(self, work: UnitOfWork, account_id: int, session_id: UUID) -> Account:
        """The account, which nobody else changes until this transaction ends.

        The access token alone is not enough: it may be accepted for seconds after its session has ended.
        """
        await work.managed_accounts.lock(account_id)  # before reading, so that earlier changes of it are seen
        session = await work.sessions.find(session_id)
        if session is None or not session.alive or session.client != LASTING or session.account.id != account_id:
            raise InvalidToken("The session has ended.")
        if session.account.roles or session.account.second_factor:
            raise InvalidToken("Accounts with roles or a second factor have no such sessions.")
        if session.account.username is None:
            raise UsernameNeeded("Only accounts with a username are changed without their password.")
        return session.account

    async def _note_password(self, work: UnitOfWork, before: Account, session_id: UUID, device: Device) -> None:
        await work.one_time_tokens.drop(before.id, [Purpose.password_reset, Purpose.email_change])
        ended = await end_sessions(work, before.id, "password changed", but=session_id)
        await reset_attempts(work, before.email)
        await send_limited(work, Kind.password_changed, before.id, before.email)
        await work.audit.note(Action.password_changed, before.id, ip=device.ip, sessions_ended=ended)

    async def _note_email(self, work: UnitOfWork, before: Account, after: Account, device: Device) -> None:
        await work.one_time_tokens.drop(after.id, list(Purpose), but_to=after.email)
        await reset_attempts(work, after.email)  # attempts from before it was this account's
        await want_mail(work, Purpose.verify_email, after.email, device.ip)
        await send_limited(work, Kind.email_changed, before.id, before.email)
        told = {"before": masked(before.email), "after": masked(after.email)}
        await work.audit.note(Action.email_changed, after.id, ip=device.ip, **told)
