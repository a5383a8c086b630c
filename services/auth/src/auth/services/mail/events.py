"""Events that auth sends to itself: requests for mails, and mails to send."""

from collections.abc import Sequence

from pydantic import Field

from common.state_events import EventData, Key, read_uuid


class MailWantedData(EventData):
    """A request for a mail with a link or a code; auth sends it to itself. Subject `mail.wanted:<id>`, version 1.

    auth looks up the account only when it handles the event, so that the request takes the same time either way (S-08).
    """

    type = "mail.wanted"
    owner = "auth"
    targets = ("auth",)

    purpose: str
    """A value of `auth.services.one_time_tokens.Purpose`, or `sign-in-code`."""
    email: str
    ip: str | None
    source: str | None = Field(default=None, exclude_if=lambda source: source is None)
    """Under which codes are counted: `Device.source`."""
    secret: str | None = Field(default=None, exclude_if=lambda secret: secret is None)
    """The code derives from it (`auth.services.mail_codes`)."""

    @classmethod
    def read_key(cls, words: Sequence[str]) -> Key:
        return read_uuid(words)


class MailData(EventData):
    """A mail to send, in auth. Subject `mail:<id>`, version 1."""

    type = "mail"
    owner = "auth"
    targets = ("smtp",)

    kind: str
    """A value of `auth.services.mail.sending.Kind`."""
    to: str
    account: int | None = Field(default=None, exclude_if=lambda account: account is None)
    """The account that it belongs to, whatever its address. None in events of the previous release."""
    secret: str | None = None
    """The link's token derives from it, together with a key that only the server has."""
    locale: str | None = Field(default=None, exclude_if=lambda locale: locale is None)
    """The account's language when the mail was wanted: a deleted account has none any more. None: the default."""

    @classmethod
    def read_key(cls, words: Sequence[str]) -> Key:
        return read_uuid(words)
