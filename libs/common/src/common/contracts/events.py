"""The events that services send each other: the data of each type and its owner. deploy/services.toml has the targets.

Schemas may grow: a new field has a default, and consumers ignore the fields that they do not know.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Final, Literal

from pydantic import Field

from common.schemas import MAX_ID
from common.services import AUDIENCES, LISTENERS
from common.state_events import EventData, Key, read_uuid

EVERYBODY: Final = 0
"""Stands for all accounts in place of an account id."""

# begin: only with posts
REMOVED: Final = "removed"
DISMISSED: Final = "dismissed"
"""What a moderator does (`ModerationData.act`)."""
# end: only with posts


def heard(type_: str) -> tuple[str, ...]:
    """The services that get the events of this type."""
    return LISTENERS.get(type_, ())


class AccountData(EventData):
    """An account, owned by auth."""

    type = "account"
    owner = "auth"
    targets = heard("account")

    email: str
    name: str
    """As given at sign-up; afterwards the profile's name counts. Empty after deletion, like the address."""
    username: str | None = None
    """Unique among accounts, in any case of letters. Most accounts have none."""
    roles: list[str]
    status: str

    @property
    def gone(self) -> bool:
        """Its owner has deleted it. It never comes back."""
        return self.status in ("deleting", "deleted")


class AccountErasedData(EventData):
    """A service has erased all data of an account, and tells auth. Subject `account:<id>`, version 1: it is final."""

    type = "account.erased"
    targets = heard("account.erased")
    subject = "account"

    service: str

    def may_be_sent_by(self, service: str) -> bool:
        return service == self.service and service in AccountData.targets


class SessionEndedData(EventData):
    """A session that has ended, in auth. Subject `session:<id>`, version 1: it ends once."""

    type = "session.ended"
    owner = "auth"
    targets = heard("session.ended")
    subject = "session"

    until: datetime
    """No access token of the session is valid after this time."""

    @classmethod
    def read_key(cls, words: Sequence[str]) -> Key:
        return read_uuid(words)


class TokensRevokedData(EventData):
    """Access tokens of an account that were issued before `not_before` are revoked; sent by auth.

    Subject `account:<id>`; 0 means everybody. The moment only moves forward, so it is the version as well.
    """

    type = "tokens.revoked"
    owner = "auth"
    targets = heard("tokens.revoked")
    subject = "account"

    not_before: int = Field(ge=0, le=MAX_ID)
    """Seconds since 1970. Tokens issued before it are refused."""

    @classmethod
    def read_key(cls, words: Sequence[str]) -> Key:
        return (EVERYBODY,) if list(words) == [str(EVERYBODY)] else super().read_key(words)


class ProfileData(EventData):
    """A profile, owned by users."""

    type = "profile"
    owner = "users"
    targets = heard("profile")

    name: str
    avatar_url: str | None


class FollowData(EventData):
    """Whether one account follows another, in users. Subject `follow:<follower>:<followee>`."""

    type = "follow"
    owner = "users"
    targets = heard("follow")
    numbers = 2

    active: bool


class BlockData(EventData):
    """Whether one account blocks another, in users. Subject `block:<blocker>:<blocked>`."""

    type = "block"
    owner = "users"
    targets = heard("block")
    numbers = 2

    active: bool


# begin: only with posts
class AuthorData(EventData):
    """How many posts an account has published, in posts."""

    type = "author"
    owner = "posts"
    targets = heard("author")

    posts_count: int = Field(ge=0)


class ModerationData(EventData):
    """A moderator has decided about somebody else's post or comment, in posts; for auth's audit trail.

    Subject `moderation:<id>`, version 1. The id is a random UUID, since a restored database repeats numbers.
    """

    type = "moderation"
    owner = "posts"
    targets = heard("moderation")

    kind: str = Field(max_length=20)
    """`post` or `comment`."""
    id: int = Field(ge=1, le=MAX_ID)
    author: int | None = Field(ge=1, le=MAX_ID)
    """None: the author's account was deleted earlier."""
    moderator: int = Field(ge=1, le=MAX_ID)
    act: str = Field(default=REMOVED, max_length=20)
    """REMOVED; or DISMISSED, that is, the moderator has dismissed all reports."""
    reason: str = Field(default="", max_length=40)
    """Of a removal."""

    @classmethod
    def read_key(cls, words: Sequence[str]) -> Key:
        return read_uuid(words)


# end: only with posts
class OperationData(EventData):
    """An admin has replayed or dropped a parked event of a service; for auth's audit trail.

    Subject `operation:<id>`, version 1. auth itself does not send it: it has the trail at hand.
    """

    type = "operation"
    targets = heard("operation")

    service: str = Field(max_length=50)
    act: Literal["event-replayed", "event-dropped"]
    target: str = Field(max_length=50)
    event_type: str = Field(max_length=50)
    event: str = Field(max_length=1_100)
    """As in `StateEvent.id`: `profile:7@3`."""
    admin: int = Field(ge=1, le=MAX_ID)
    ip: str | None = Field(max_length=45)
    reason: str = Field(max_length=200)

    def may_be_sent_by(self, service: str) -> bool:
        return service == self.service

    @classmethod
    def read_key(cls, words: Sequence[str]) -> Key:
        return read_uuid(words)


def publishers_to(service: str) -> list[str]:
    """The services that own the events that this one gets."""
    owners = {kind.owner for kind in EventData.__subclasses__() if service in kind.targets}
    return [name for name in AUDIENCES if name in owners]


def targets_of(service: str) -> list[str]:
    """The services that get events of this one."""
    sent = [kind for kind in EventData.__subclasses__() if kind.owner in (service, "")]
    found = {target for kind in sent for target in kind.targets}
    return [name for name in AUDIENCES if name in found and name != service]
