"""Renders a mail: its text, and its link or code.

A mail holds no text that a user has chosen, except its address and two letters of the account's own address. So nobody
can use us to send their words to other mailboxes.
"""

import html
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from string import Template
from typing import Final, Protocol
from uuid import UUID

from auth.services.mail_codes.sign_in import LIFETIME, CodeMaker
from auth.services.mail_events import MailData
from auth.services.mails import Kind
from auth.services.one_time_tokens import OneTimeTokens, Purpose
from auth.services.ports import UnitOfWork
from common.ports import Transactions

TEMPLATES: Final = Path(__file__).parents[1] / "templates"
LINK: Final = "$link"


@dataclass(frozen=True, slots=True)
class RenderedMail:
    """A mail as text and as HTML."""

    id: UUID
    to: str
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


class Templates:
    """The texts, read once. A file's first line is the subject; paragraphs follow, and one of them may be the link."""

    def __init__(self, folder: Path = TEMPLATES) -> None:
        self._texts = {kind: (folder / f"{kind}.txt").read_text(encoding="utf-8").strip() for kind in Kind}
        self._page = Template((folder / "layout.html").read_text(encoding="utf-8"))

    def fill(self, kind: Kind, **values: str) -> tuple[str, str, str]:
        """Subject, plain text and HTML."""
        subject, *paragraphs = self._texts[kind].split("\n\n")
        subject = Template(subject).substitute(values)
        text = "\n\n".join(Template(paragraph).substitute(values) for paragraph in paragraphs) + "\n"
        safe = {name: html.escape(value) for name, value in values.items()}
        body = "\n".join(paragraph_in_html(paragraph, safe) for paragraph in paragraphs)
        return subject, text, self._page.substitute(safe, subject=html.escape(subject), body=body)


def paragraph_in_html(paragraph: str, safe: dict[str, str]) -> str:
    if paragraph == LINK:
        paragraph = f'<a href="{LINK}">{LINK}</a>'
    return f"<p>{Template(paragraph).substitute(safe)}</p>"


@dataclass(frozen=True, slots=True)
class MailRenderer:
    """Renders mails."""

    transactions: Transactions[UnitOfWork]
    tokens: OneTimeTokens
    codes: CodeMaker
    templates: Templates
    app_name: str
    app_url: str

    async def render(self, mail_id: UUID, data: MailData, written_at: datetime) -> RenderedMail | None:
        """Renders the same mail every time; None if its link no longer works."""
        values = {"app": self.app_name, "link": "", "lifetime": "", "account": "", "code": ""}
        if data.kind == Kind.sign_in_code and data.secret is not None:
            async with self.transactions() as work:
                if not await work.sign_in_codes.waits(data.secret, data.to):
                    return None
            values |= {"code": self.codes.make(data.secret), "lifetime": in_words(LIFETIME)}
        elif data.secret is not None:
            purpose = Purpose(data.kind)
            async with self.transactions() as work:
                found = await self.tokens.token_of(work, purpose, data.secret)
            if found is None:
                return None
            token, account = found
            values["account"] = hint(account.email)
            values["link"] = f"{self.app_url}/#{purpose}={token}"
            values["lifetime"] = in_words(self.tokens.lifetimes[purpose])
        subject, text, page = self.templates.fill(Kind(data.kind), **values)
        return RenderedMail(mail_id, data.to, subject, text, page, written_at)


def hint(email: str) -> str:
    """Enough of an address for its owner to recognise it: `a***@e***`. A domain can hold as many words as a name."""
    local, _, domain = email.rpartition("@")
    return f"{local[:1]}***@{domain[:1]}***"


def in_words(lifetime: timedelta) -> str:
    """The lifetime in words, rounded down, so that no link is promised for longer than it works."""
    minutes = max(1, int(lifetime.total_seconds()) // 60)
    hours = minutes // 60
    if hours >= 2:
        return f"{hours} hours"
    return "1 hour" if minutes == 60 else "1 minute" if minutes == 1 else f"{minutes} minutes"
