"""Events that auth sends to itself: mails that are wanted, and mails to send."""

from collections.abc import Sequence

from pydantic import Field

from common.state_events import EventData, Key, read_uuid


class MailWantedData(EventData):
    """Somebody wants a mail with a link, in auth, which tells it to itself. Subject `mail.wanted:<id>`, version 1.

    Whether an account has the address is found out when the event is handled, so that being asked takes as long
    either way (S-08).
    """

    type = "mail.wanted"
    owner = "auth"
    targets = ("auth",)

    purpose: str
    """Of `auth.services.one_time_tokens.Purpose`."""
    email: str
    ip: str | None

    @classmethod
    def read_key(cls, words: Sequence[str]) -> Key:
        return read_uuid(words)


class MailData(EventData):
    """A mail to send, in auth. Subject `mail:<id>`, version 1."""

    type = "mail"
    owner = "auth"
    targets = ("smtp",)

    kind: str
    """Of `auth.services.mails.Kind`."""
    to: str
    account: int | None = Field(default=None, exclude_if=lambda account: account is None)
    """Whose it is, wherever it goes. None in those of the release before."""
    secret: str | None = None
    """What the link's token is made from, together with a key that only the server has."""

    @classmethod
    def read_key(cls, words: Sequence[str]) -> Key:
        return read_uuid(words)
