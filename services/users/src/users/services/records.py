"""What the rules work on: plain values, as the repositories read them."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Final

SEE_ADDRESSES: Final = frozenset({"admin"})


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who looks: nobody knows, or somebody with roles."""

    id: int | None = None
    roles: Collection[str] = ()

    def sees_address_of(self, user_id: int) -> bool:
        return user_id == self.id or not SEE_ADDRESSES.isdisjoint(self.roles)


@dataclass(frozen=True, slots=True)
class AccountState:
    """What auth says of an account."""

    id: int
    email: str
    name: str
    version: int
    gone: bool
    """Deleted, or about to be: then it has no address and no name."""


@dataclass(frozen=True, slots=True)
class Profile:
    """A profile as one viewer sees it."""

    id: int
    email: str | None
    name: str
    bio: str
    avatar_url: str | None
    followers_count: int
    following_count: int
    posts_count: int
    version: int
    following: bool | None
    """Whether the viewer follows this person; None when nobody in particular looks."""
    blocked: bool | None
    """Whether the viewer has blocked this person; None when nobody in particular looks."""


@dataclass(frozen=True, slots=True)
class ProfileSummary:
    """As little of a profile as a list shows."""

    id: int
    name: str
    avatar_url: str | None
    version: int


@dataclass(frozen=True, slots=True)
class Edge:
    """Whether one follows, or blocks, the other, as it stands."""

    origin_id: int
    target_id: int
    active: bool
    version: int


@dataclass(frozen=True, slots=True)
class Neighbour:
    """Somebody at the other end of an edge."""

    id: int
    name: str
    avatar_url: str | None
    since: datetime
