"""The events that services send each other: what each type tells, who owns it and who hears it.

Schemas may grow: a new field has a default, and consumers ignore the fields that they do not know.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from pydantic import Field

from common.schemas import MAX_ID
from common.state_events import EventData, Key, read_uuid

EVERYBODY: Final = 0
"""In place of an account's id."""


class AccountData(EventData):
    """An account, in auth."""

    type = "account"
    owner = "auth"
    targets = ("users", "posts")

    email: str
    name: str
    """As given at sign-up; the profile counts from then on. Like the address it is empty once the account is gone."""
    roles: list[str]
    status: str

    @property
    def gone(self) -> bool:
        """Its owner has had it deleted. It never comes back."""
        return self.status in ("deleting", "deleted")


class AccountErasedData(EventData):
    """That nothing of an account is left in a service, which tells auth. Subject `account:<id>`, version 1: it is so
    for good."""

    type = "account.erased"
    targets = ("auth",)
    subject = "account"

    service: str

    def may_be_sent_by(self, service: str) -> bool:
        return service == self.service and service in AccountData.targets


class SessionEndedData(EventData):
    """A session that is over, in auth. Subject `session:<id>`, version 1: it ends once."""

    type = "session.ended"
    owner = "auth"
    targets = ("users", "posts")
    subject = "session"

    until: datetime
    """No access token of the session is good for longer than this."""

    @classmethod
    def read_key(cls, words: Sequence[str]) -> Key:
        return read_uuid(words)


class TokensRevokedData(EventData):
    """A moment from which on an account's tokens must be, in auth. Subject `account:<id>`; 0 means everybody.

    The moment only ever moves forward, so it is the version as well.
    """

    type = "tokens.revoked"
    owner = "auth"
    targets = ("users", "posts")
    subject = "account"

    not_before: int = Field(ge=0, le=MAX_ID)
    """Seconds since 1970. Tokens issued before it are refused."""

    @classmethod
    def read_key(cls, words: Sequence[str]) -> Key:
        return (EVERYBODY,) if list(words) == [str(EVERYBODY)] else super().read_key(words)


class ProfileData(EventData):
    """A profile, in users."""

    type = "profile"
    owner = "users"
    targets = ("posts",)

    name: str
    avatar_url: str | None


class FollowData(EventData):
    """Whether one follows the other, in users. Subject `follow:<follower>:<followee>`."""

    type = "follow"
    owner = "users"
    targets = ("posts",)
    numbers = 2

    active: bool


class BlockData(EventData):
    """Whether one blocks the other, in users. Subject `block:<blocker>:<blocked>`."""

    type = "block"
    owner = "users"
    targets = ("posts",)
    numbers = 2

    active: bool


class AuthorData(EventData):
    """How much an account has published, in posts."""

    type = "author"
    owner = "posts"
    targets = ("users",)

    posts_count: int = Field(ge=0)


class ModerationData(EventData):
    """That a moderator has removed what somebody else wrote, in posts; for auth's audit trail.

    Subject `moderation:<id>`, version 1: each removal is one of its own, since a restored database gives numbers again.
    """

    type = "moderation"
    owner = "posts"
    targets = ("auth",)

    kind: str = Field(max_length=20)
    """`post` or `comment`."""
    id: int = Field(ge=1, le=MAX_ID)
    author: int | None
    """None: their account was deleted before."""
    moderator: int = Field(ge=1, le=MAX_ID)

    @classmethod
    def read_key(cls, words: Sequence[str]) -> Key:
        return read_uuid(words)
