"""Registration, and reading accounts."""

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from auth.services.addresses.policy import AddressPolicy
from auth.services.audit import Action, masked
from auth.services.errors import AccountNotFound, EmailTaken, UsernameTaken
from auth.services.events import account_event
from auth.services.mail.requests import want_mail
from auth.services.one_time_tokens import Purpose
from auth.services.passwords.policy import PasswordPolicy
from auth.services.ports import AccountReader, PasswordHasher, UnitOfWork
from auth.services.records import Account
from auth.services.sessions.opening import Way
from auth.services.throttle import reset_attempts
from common.ports import Clock, Transactions, utc_now

EPOCH: Final = datetime(2025, 1, 1, tzinfo=UTC)
RANDOM_BITS: Final = 12


def new_account_id(now: datetime) -> int:
    """53 bits: milliseconds since 2025 (41 bits, enough until 2094), then 12 random ones.

    Ordered by time, and not from a counter: a restored database must never give an id again whose first owner still has
    a profile elsewhere.
    """
    millis = (now - EPOCH) // timedelta(milliseconds=1)
    return (millis << RANDOM_BITS) | secrets.randbits(RANDOM_BITS)


@dataclass(frozen=True, slots=True)
class Registration:
    """Opens accounts, in the transaction of one request."""

    work: UnitOfWork
    passwords: PasswordHasher
    policy: PasswordPolicy
    addresses: AddressPolicy
    now: Clock = utc_now

    async def register(
        self,
        email: str,
        password: str,
        name: str,
        *,
        username: str | None = None,
        locale: str | None = None,
        ip: str | None = None,
    ) -> Account:
        """Open an account, and mail its owner a link to verify the address, in their language if it is known.

        Raises:
            SpecialUseDomain, AddressNeedsUtf8: accounts may not have this address here.
            EmailTaken: an account has the address, in whatever spelling.
            UsernameTaken: an account has the username, in any case of letters.
            WeakPassword: the password is too easy to guess.
        """
        self.addresses.check(email)
        self.policy.check(password, email=email, name=name)
        password_hash = await self.passwords.hash(password)  # before the first statement: it holds no connection
        while True:
            account = await self.work.accounts.add(
                new_account_id(self.now()), email, password_hash, name, username, locale
            )
            if account is not None:
                await welcome(self.work, account, ip, Way.password)
                await want_mail(self.work, Purpose.verify_email, account.email, ip)
                return account
            if await self.work.accounts.has_email(email):
                raise EmailTaken("This address already has an account.")
            if username is not None and await self.work.accounts.has_username(username):
                raise UsernameTaken("This username is taken.")


async def welcome(work: UnitOfWork, account: Account, ip: str | None, via: str) -> None:
    """Tell the other services of a new account, and record how it came to be."""
    await work.events.publish(account_event(account))
    await work.audit.note(Action.registered, account.id, ip=ip, email=masked(account.email), via=via)
    await reset_attempts(work, account.email)  # attempts from before the account existed


@dataclass(frozen=True, slots=True)
class OwnLanguage:
    """Changes the language of mails to the caller."""

    transactions: Transactions[UnitOfWork]

    async def choose(self, account_id: int, locale: str | None, ip: str) -> Account:
        """None: the default. It also leaves a line in the trail: a thief could hide from a mail's reader behind it.

        Raises AccountNotFound.
        """
        async with self.transactions() as work:
            before = await work.managed_accounts.lock(account_id)
            if before is None or before.status != "active":
                raise AccountNotFound("There is no such account.")
            if before.locale == locale:
                return before
            await work.audit.note(Action.locale_changed, account_id, ip=ip, before=before.locale, after=locale)
            return await work.accounts.set_locale(account_id, locale)


@dataclass(frozen=True, slots=True)
class AccountQueries:
    """Reads accounts."""

    reader: AccountReader

    async def own(self, account_id: int) -> Account:
        """Raises AccountNotFound, also for a deleted account."""
        account = await self.get(account_id)
        if account.status == "deleted":
            raise AccountNotFound("There is no such account.")
        return account

    async def get(self, account_id: int) -> Account:
        """Raises AccountNotFound."""
        account = await self.reader.get(account_id)
        if account is None:
            raise AccountNotFound("There is no such account.")
        return account
