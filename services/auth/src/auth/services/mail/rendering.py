"""Renders a mail: its text in the account's language, and its link or code.

A mail holds no text that a user has chosen, except its address and two letters of the account's own address. So nobody
can use us to send their words to other mailboxes.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

from auth.services.mail.events import MailData
from auth.services.mail.sending import Kind
from auth.services.mail.templates import Templates
from auth.services.mail_codes.sign_in import LIFETIME, CodeMaker
from auth.services.one_time_tokens import OneTimeTokens, Purpose
from auth.services.ports import UnitOfWork
from common.ports import Transactions


@dataclass(frozen=True, slots=True)
class RenderedMail:
    """A mail as text and as HTML."""

    id: UUID
    to: str
    locale: str
    subject: str
    text: str
    html: str
    written_at: datetime


class MailSender(Protocol):
    """Delivers mails to a mail server, or into a folder."""

    async def deliver(self, mail: RenderedMail) -> None:
        """Raises MailRefused, MailDelayed or DependencyUnavailable."""


class MailRefused(Exception):
    """The mail is refused for good."""


class MailDelayed(Exception):
    """This mail is not accepted now; others may be."""


@dataclass(frozen=True, slots=True)
class MailRenderer:
    """Renders mails."""

    transactions: Transactions[UnitOfWork]
    tokens: OneTimeTokens
    codes: CodeMaker
    templates: Templates
    app_url: str

    async def render(self, mail_id: UUID, data: MailData, written_at: datetime) -> RenderedMail | None:
        """Renders the same mail every time; None if its link no longer works."""
        values: dict[str, str | timedelta] = {}
        if data.kind == Kind.sign_in_code and data.secret is not None:
            async with self.transactions() as work:
                if not await work.sign_in_codes.waits(data.secret, data.to):
                    return None
            values |= {"code": self.codes.make(data.secret), "lifetime": LIFETIME}
        elif data.secret is not None:
            purpose = Purpose(data.kind)
            async with self.transactions() as work:
                found = await self.tokens.token_of(work, purpose, data.secret)
            if found is None:
                return None
            token, account = found
            values["account"] = hint(account.email)
            values["link"] = f"{self.app_url}/#{purpose}={token}"
            values["lifetime"] = self.tokens.lifetimes[purpose]
        filled = self.templates.fill(Kind(data.kind), data.locale, values)
        return RenderedMail(mail_id, data.to, filled.locale, filled.subject, filled.text, filled.html, written_at)


def hint(email: str) -> str:
    """Enough of an address for its owner to recognise it: `a***@e***`. A domain can hold as many words as a name."""
    local, _, domain = email.rpartition("@")
    return f"{local[:1]}***@{domain[:1]}***"
