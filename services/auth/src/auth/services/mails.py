"""The mails that auth sends. How one becomes a letter is told in `services.letters`."""

from datetime import timedelta
from enum import StrEnum
from typing import Final
from uuid import uuid4

from auth.services.ports import Work
from common.events import Event, MailData

PAUSE: Final = timedelta(minutes=1)
WINDOW: Final = timedelta(hours=1)
"""No link lives for less: while an address has had enough mails, it has one that works, whoever asked (S-11)."""
MOST: Final = 5
"""Mails of one kind to one address within the window, and never two within the pause."""


class Kind(StrEnum):
    """Each has its text in `templates/`. The first three carry a link, whose purpose has the same name."""

    verify_email = "verify-email"
    password_reset = "password-reset"  # noqa: S105  # a name
    email_change = "email-change"
    password_was_reset = "password-was-reset"  # noqa: S105
    password_changed = "password-changed"  # noqa: S105
    email_change_asked = "email-change-asked"
    email_changed = "email-changed"
    account_deleted = "account-deleted"


async def send(work: Work, kind: Kind, account_id: int, to: str, secret: str | None = None) -> None:
    """Send an account's mail once this transaction is committed."""
    await work.events.publish(Event((uuid4(),), 1, MailData(kind=kind, to=to, account=account_id, secret=secret)))
