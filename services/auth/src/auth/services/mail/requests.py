"""Requests for mails by callers who are not signed in: recorded first, handled later."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import uuid4

from auth.services.audit import ANONYMOUS
from auth.services.mail.events import MailWantedData
from auth.services.mail.sending import Kind
from auth.services.mail_codes.sign_in import send_code
from auth.services.one_time_tokens import OneTimeTokens, Purpose
from auth.services.ports import UnitOfWork
from common.ports import Transactions
from common.state_events import Event


async def want_mail(work: UnitOfWork, purpose: Purpose, email: str, ip: str | None) -> None:
    """Have a link mailed to the address, if an account has it. It is looked up later, so every request takes as long.

    Work that is done only for known addresses could be measured (S-08).
    """
    await work.events.publish(Event((uuid4(),), 1, MailWantedData(purpose=purpose, email=email, ip=ip)))


@dataclass(frozen=True, slots=True)
class MailRequests:
    """Handles the requests: `auth` is a target of its own outbox."""

    transactions: Transactions[UnitOfWork]
    tokens: OneTimeTokens

    async def answer(self, wanted: Sequence[MailWantedData]) -> None:
        """Handle each request in its own transaction. One that is repeated after a fault has been mailed already."""
        for request in wanted:
            async with self.transactions() as work:
                await self._answer(work, request)

    async def _answer(self, work: UnitOfWork, request: MailWantedData) -> None:
        found = await work.accounts.find(request.email)
        # locked, so that no mail is created beside a deletion that has just dropped them all
        account = await work.accounts.lock_for_share(found.id) if found else None
        if account is None or account.status != "active":
            return
        if request.purpose == Kind.sign_in_code:
            await send_code(work, account, request)
            return
        purpose = Purpose(request.purpose)
        if purpose is Purpose.verify_email and account.email_verified:
            return
        await self.tokens.mail(work, account, purpose, account.email, ip=request.ip, actor=ANONYMOUS)
