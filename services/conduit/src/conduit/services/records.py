"""Records of conduit's rules: plain values, as the other services answer them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class OpenedSession:
    """A session of a front end, and a short-lived access token of it."""

    token: str = field(repr=False)
    """Stays the same for as long as the session lasts."""
    access_token: str = field(repr=False)
    expires_in: int
    account_id: int


@dataclass(frozen=True, slots=True)
class Profile:
    """A person as the caller sees them."""

    id: int
    username: str
    bio: str | None
    image: str | None
    following: bool
    email: str | None = None
    """Only the caller's own."""


@dataclass(frozen=True, slots=True)
class User:
    """The caller, with the token of their session."""

    email: str
    token: str = field(repr=False)
    username: str
    bio: str | None
    image: str | None


@dataclass(frozen=True, slots=True)
class Article:
    """An article as the caller sees it. In a list without its body."""

    id: int
    slug: str
    title: str
    description: str
    body: str
    tag_list: Sequence[str]
    created_at: datetime
    updated_at: datetime
    favorited: bool
    favorites_count: int
    author_id: int
    author: Profile | None = None
    """None until it is filled in."""


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment as the caller sees it."""

    id: int
    body: str
    created_at: datetime
    updated_at: datetime
    author_id: int | None
    """None once the author was deleted."""
    author: Profile | None = None
    """None until it is filled in."""


@dataclass(frozen=True, slots=True)
class ArticleFilter:
    """Conditions for articles, which all apply."""

    tag: str | None = None
    author: str | None = None
    favorited: str | None = None
    """Username of somebody who likes them."""


@dataclass(frozen=True, slots=True)
class Selection:
    """The same, with people's ids."""

    tag: str | None = None
    author_id: int | None = None
    liked_by: int | None = None
    feed: bool = False
    """Only articles of the people whom the caller follows."""
