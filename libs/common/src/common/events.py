"""State events: what a subject is now, never what changed. Their schemas, and who tells whom.

`version` is the counter of the subject's own row, so a consumer applies an event only if it is newer than what it has:
duplicates, any order and lost middle ones are harmless. Schemas may grow; consumers ignore what they do not know.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Final

from pydantic import BaseModel, ConfigDict, Field

from common.schemas import MAX_ID


class EventData(BaseModel):
    """The `data` of one type of event. Each type has one owner, who tells it to `targets`."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    type: ClassVar[str]
    owner: ClassVar[str]
    targets: ClassVar[tuple[str, ...]]


class AccountData(EventData):
    """An account, in auth."""

    type = "account"
    owner = "auth"
    targets = ("users", "posts")

    email: str
    name: str
    """As given at sign-up; the profile counts from then on."""
    roles: list[str]
    status: str


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

    active: bool


class AuthorData(EventData):
    """How much an account has published, in posts."""

    type = "author"
    owner = "posts"
    targets = ("users",)

    posts_count: int = Field(ge=0)


SCHEMAS: Final[Mapping[str, type[EventData]]] = {
    schema.type: schema for schema in (AccountData, ProfileData, FollowData, AuthorData)
}


@dataclass(frozen=True, slots=True)
class Event:
    """A state to tell. `key` identifies the subject: (7,) is `account:7`, (7, 9) is `follow:7:9`."""

    key: tuple[int, ...]
    version: int
    data: EventData

    @property
    def subject(self) -> str:
        return ":".join((self.data.type, *map(str, self.key)))


class StateEvent(BaseModel):
    """An event on its way."""

    model_config = ConfigDict(extra="ignore")

    id: str = Field(max_length=200, examples=["profile:7@3"])
    type: str = Field(max_length=50, examples=["profile"])
    subject: str = Field(max_length=100, pattern=r"^[a-z.]+(:[0-9a-f-]+)+$", examples=["profile:7"])
    version: int = Field(ge=1, le=MAX_ID)
    occurred_at: datetime
    data: dict[str, Any]

    @property
    def key(self) -> tuple[int, ...]:
        """The subject's numbers. Raises ValueError if they are none."""
        return tuple(int(part) for part in self.subject.split(":")[1:])


class EventBatch(BaseModel):
    """What `POST /internal/events` takes."""

    events: list[StateEvent] = Field(min_length=1, max_length=100)


class EventPage(BaseModel):
    """Part of an owner's subjects as events, for rebuilding a read model."""

    events: Sequence[StateEvent]
    next: str | None = Field(description="Give this as `after` for the next page; null on the last one.")
