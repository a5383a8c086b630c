"""Whether an account's address is its owner's."""

from dataclasses import dataclass

from auth.services.audit import Action
from auth.services.errors import LinkNotValid
from auth.services.mail_requests import want_mail
from auth.services.one_time_tokens import OneTimeTokens, Purpose
from auth.services.ports import Work
from common.ports import Transactions


@dataclass(frozen=True, slots=True)
class EmailVerification:
    """By a link that is mailed there."""

    transactions: Transactions[Work]
    tokens: OneTimeTokens

    async def ask(self, email: str, ip: str) -> None:
        """Mail a link to the address, if an account has it and it is not proven yet."""
        async with self.transactions() as work:
            await want_mail(work, Purpose.verify_email, email, ip)

    async def confirm(self, token: str, ip: str) -> None:
        """Note that the address is proven, once; a link that is opened again is told that it is.

        The links stay until their time is over: none of them can do more. Raises LinkNotValid.
        """
        async with self.transactions() as work:
            opened = await self.tokens.hold(work, Purpose.verify_email, token)
            if opened.is_proven:
                return
            account = opened.account
            if not await work.accounts.verify_email(account.id, account.email):
                raise LinkNotValid
            await work.audit.note(Action.email_verified, account.id, ip=ip)
