"""Verifying that an account's address belongs to its owner."""

from dataclasses import dataclass

from auth.services.audit import Action
from auth.services.errors import EmailAlreadyVerified, LinkNotValid, TooManyMails
from auth.services.mail.requests import want_mail
from auth.services.one_time_tokens import OneTimeTokens, Purpose
from auth.services.ports import UnitOfWork
from common.ports import Transactions


@dataclass(frozen=True, slots=True)
class EmailVerification:
    """By a link that is mailed to the address."""

    transactions: Transactions[UnitOfWork]
    tokens: OneTimeTokens

    async def ask(self, email: str, ip: str, caller: int | None = None) -> None:
        """Mail a link to the address, if an account has it and it is not verified yet.

        Only a caller who is signed in as that account learns the result (S-08).

        Raises:
            TooManyMails, EmailAlreadyVerified: it is the caller's own address.
        """
        async with self.transactions() as work:
            # locked, so that no mail is created beside a deletion that has just dropped them all
            own = await work.accounts.lock_for_share(caller) if caller is not None else None
            if own is None or own.status != "active" or own.email != email:
                await want_mail(work, Purpose.verify_email, email, ip)
                return
            if own.email_verified:
                raise EmailAlreadyVerified("Your e-mail address is confirmed already.")
            wait = await self.tokens.mail(work, own, Purpose.verify_email, email, ip=ip, actor=own.id)
        if wait is not None:
            raise TooManyMails(
                "You were sent enough mails with a link lately, and the links in them still work. Look for them, also"
                " among spam, or ask again later.",
                retry_after=wait,
            )

    async def confirm(self, token: str, ip: str) -> None:
        """Mark the address as verified; a link that is opened again reports that it is.

        All links stay valid until they expire, since none of them can do more. Raises LinkNotValid.
        """
        async with self.transactions() as work:
            opened = await self.tokens.hold(work, Purpose.verify_email, token)
            if opened.is_proven:
                return
            account = opened.account
            if not await work.accounts.verify_email(account.id, account.email):
                raise LinkNotValid
            await work.audit.note(Action.email_verified, account.id, ip=ip)
