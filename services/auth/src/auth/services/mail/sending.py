"""The kinds of mails that auth sends, and their limits. `rendering` renders them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Final
from uuid import uuid4

from auth.services.mail.events import MailData
from auth.services.ports import UnitOfWork
from common.state_events import Event

WINDOW: Final = timedelta(hours=1)
"""No link lives shorter. So while an address is over its limit, it has a link that works, whoever asked (S-11)."""


class Kind(StrEnum):
    """Each has a subject and a text in each folder of `templates/`: `de/KIND.subject` and `de/KIND.txt`.

    The first three carry a link, whose purpose has the same name; `sign_in_code` carries a code. Placeholders of some
    kinds only are in `templates.SAMPLES`.
    """

    verify_email = "verify-email"
    password_reset = "password-reset"  # noqa: S105  # a name
    email_change = "email-change"
    password_was_reset = "password-was-reset"  # noqa: S105
    password_changed = "password-changed"  # noqa: S105
    email_change_asked = "email-change-asked"
    email_changed = "email-changed"
    account_deleted = "account-deleted"
    sign_in_code = "sign-in-code"
    second_factor_on = "second-factor-on"
    second_factor_off = "second-factor-off"
    recovery_codes_made = "recovery-codes-made"
    api_key_created = "api-key-created"
    api_key_revoked = "api-key-revoked"
    api_key_leaked = "api-key-leaked"
    passkey_added = "passkey-added"
    passkey_removed = "passkey-removed"
    identity_linked = "identity-linked"
    identity_unlinked = "identity-unlinked"
    content_removed = "content-removed"


@dataclass(frozen=True, slots=True)
class Limit:
    """Most mails of one kind to one address within the window, and the shortest pause between two."""

    most: int = 5
    pause: timedelta = timedelta(minutes=1)


USUAL: Final = Limit()
OWN_CHANGE: Final = "email-change-own"
"""Counts mails by account and address together; not a mail of its own."""
OWN_CODE: Final = "sign-in-code-own"
"""Counts the codes that one source has asked for, for one address."""
DIRECT_CHANGE: Final = "direct-change"
"""Counts an account's changes of address that need no password (`services.conduit`)."""
LIMITS: Final[Mapping[str, Limit]] = {
    # Counts the requests of an account, since its own address is notified each time. Without a pause: a user who has
    # misspelt the new address asks again at once.
    Kind.email_change_asked: Limit(pause=timedelta(0)),
    DIRECT_CHANGE: Limit(pause=timedelta(0)),
    # By one account to one address: no other account uses these up.
    OWN_CHANGE: Limit(most=2, pause=timedelta(0)),
    # Beyond those, all accounts together.
    Kind.email_change: Limit(most=20, pause=timedelta(0)),
    # For all sources together at which nobody has signed in to the address lately: strangers use up only these.
    Kind.sign_in_code: Limit(most=20, pause=timedelta(0)),
}


async def take(work: UnitOfWork, kind: Kind, account_id: int, to: str) -> timedelta | None:
    """Count a mail with a link to an address. Over the limit: how long until the next is allowed."""
    if kind is Kind.email_change and await work.mail_counts.take(f"{account_id} {to}", OWN_CHANGE) is None:
        return None
    return await work.mail_counts.take(to, kind)


async def send(work: UnitOfWork, kind: Kind, account_id: int, to: str, secret: str | None = None) -> None:
    """Send an account's mail, in its language, once this transaction is committed."""
    account = await work.accounts.get(account_id)
    locale = account.locale if account else None
    data = MailData(kind=kind, to=to, account=account_id, secret=secret, locale=locale)
    await work.events.publish(Event((uuid4(),), 1, data))


async def send_limited(work: UnitOfWork, kind: Kind, account_id: int, to: str) -> None:
    """As `send`, unless the address has had too many of this kind lately: nobody's mailbox is flooded."""
    if await work.mail_counts.take(to, kind) is None:
        await send(work, kind, account_id, to)
