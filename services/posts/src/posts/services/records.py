"""What the rules work on: plain values, as the repositories read them."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from posts.services.errors import Blocked

NOBODY: Final = 0
"""In place of the id of an author who was deleted."""
MODERATORS: Final = frozenset({"moderator", "admin"})


@dataclass(frozen=True, slots=True)
class Author:
    """Who wrote something. Without a name when it is not known just now."""

    id: int
    name: str | None = None
    avatar_url: str | None = None


@dataclass(frozen=True, slots=True)
class AuthorStats:
    """How much somebody has published."""

    author_id: int
    posts_count: int
    version: int


@dataclass(slots=True)
class Post:
    """A post as one viewer sees it."""

    id: int
    title: str
    body: str
    tags: list[str]
    status: str
    created_at: datetime
    updated_at: datetime
    published_at: datetime | None
    version: int
    likes_count: int
    comments_count: int
    liked: bool | None
    """Whether the viewer likes it; None when nobody in particular looks."""
    author: Author


@dataclass(slots=True)
class Comment:
    """A comment."""

    id: int
    post_id: int
    body: str
    created_at: datetime
    updated_at: datetime
    version: int
    author: Author | None
    """None once they were deleted."""


@dataclass(frozen=True, slots=True)
class Tag:
    """A tag, and how many published posts carry it."""

    id: int
    name: str
    posts_count: int


@dataclass(frozen=True, slots=True)
class PostFilter:
    """Which published posts somebody wants to see: of one author, with one tag, both or all."""

    author_id: int | None = None
    tag: str | None = None


@dataclass(frozen=True, slots=True)
class PostAuthor:
    """Whose post somebody wants to like or to comment."""

    id: int
    has_blocked: bool
    """Whether they have blocked who asks."""

    def require_not_blocked(self) -> None:
        """Raises Blocked."""
        if self.has_blocked:
            raise Blocked("The author of this post has blocked you.")


@dataclass(frozen=True, slots=True)
class Editor:
    """Somebody who acts on posts."""

    id: int
    roles: Collection[str] = ()

    @property
    def moderates(self) -> bool:
        """Whether they may act on what others wrote."""
        return not MODERATORS.isdisjoint(self.roles)
