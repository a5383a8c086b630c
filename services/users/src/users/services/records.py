"""Records of users' business rules: plain values, as the repositories read them."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Final

SEE_ADDRESSES: Final = frozenset({"admin"})


@dataclass(frozen=True, slots=True)
class Viewer:
    """The viewer: anonymous, or a person with roles."""

    id: int | None = None
    roles: Collection[str] = ()

    def sees_address_of(self, user_id: int) -> bool:
        return user_id == self.id or not SEE_ADDRESSES.isdisjoint(self.roles)


@dataclass(frozen=True, slots=True)
class AccountState:
    """An account's state, from auth."""

    id: int
    email: str
    name: str
    username: str | None
    version: int
    gone: bool
    """Deleted, or being deleted: then it has no address and no name."""


@dataclass(frozen=True, slots=True)
class Profile:
    """A profile as one viewer sees it."""

    id: int
    email: str | None
    name: str
    username: str | None
    bio: str
    avatar_url: str | None
    followers_count: int
    following_count: int
    posts_count: int  # only with posts
    version: int
    following: bool | None
    """Whether the viewer follows this person; None without a viewer."""
    blocked: bool | None
    """Whether the viewer has blocked this person; None without a viewer."""


@dataclass(frozen=True, slots=True)
class ProfileSummary:
    """The part of a profile that lists show."""

    id: int
    name: str
    avatar_url: str | None
    version: int


@dataclass(frozen=True, slots=True)
class Edge:
    """The current state of a follow or block."""

    origin_id: int
    target_id: int
    active: bool
    version: int


@dataclass(frozen=True, slots=True)
class Neighbour:
    """The person at the other end of an edge."""

    id: int
    name: str
    avatar_url: str | None
    since: datetime
