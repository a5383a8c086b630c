"""The mails that auth sends. They are rendered in `services.mail_rendering`."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Final
from uuid import uuid4

from auth.services.mail_events import MailData
from auth.services.ports import UnitOfWork
from common.state_events import Event

WINDOW: Final = timedelta(hours=1)
"""No link lives for less: while an address has had enough mails, it has one that works, whoever asked (S-11)."""


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


@dataclass(frozen=True, slots=True)
class Limit:
    """How many mails of one kind go to one address within the window, and how long after each other at the least."""

    most: int = 5
    pause: timedelta = timedelta(minutes=1)


USUAL: Final = Limit()
OWN_CHANGE: Final = "email-change-own"
"""What is counted for an account and an address together; no mail of its own."""
LIMITS: Final[Mapping[str, Limit]] = {
    # Counts what an account asks for, since its own address is told each time. Without a pause: who has misspelt the
    # new address asks again at once.
    Kind.email_change_asked: Limit(pause=timedelta(0)),
    # By one account to one address: nobody else takes these from it.
    OWN_CHANGE: Limit(most=2, pause=timedelta(0)),
    # Beyond those, from all accounts together.
    Kind.email_change: Limit(most=20, pause=timedelta(0)),
}


async def take(work: UnitOfWork, kind: Kind, account_id: int, to: str) -> timedelta | None:
    """Count a mail with a link to an address; how long until there is room, if there is none."""
    if kind is Kind.email_change and await work.mail_counts.take(f"{account_id} {to}", OWN_CHANGE) is None:
        return None
    return await work.mail_counts.take(to, kind)


async def send(work: UnitOfWork, kind: Kind, account_id: int, to: str, secret: str | None = None) -> None:
    """Send an account's mail once this transaction is committed."""
    await work.events.publish(Event((uuid4(),), 1, MailData(kind=kind, to=to, account=account_id, secret=secret)))
