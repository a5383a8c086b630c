"""Records of posts' business rules: plain values, as the repositories read them."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from posts.services.errors import Blocked
from posts.services.slugs import slug_of

NOBODY: Final = 0
"""Stands for the id of a deleted author."""
MODERATORS: Final = frozenset({"moderator", "admin"})


@dataclass(frozen=True, slots=True)
class Author:
    """An author. Without a name if it is not known at the moment."""

    id: int
    name: str | None = None
    avatar_url: str | None = None


@dataclass(frozen=True, slots=True)
class AuthorStats:
    """An author's number of published posts."""

    author_id: int
    posts_count: int
    version: int


@dataclass(slots=True)
class Post:
    """A post as one viewer sees it."""

    id: int
    title: str
    description: str
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
    """Whether the viewer likes it; None without a viewer."""
    author: Author

    @property
    def slug(self) -> str:
        """Its name in addresses (`posts.services.slugs`)."""
        return slug_of(self.title, self.id)


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
    """None once the author was deleted."""


@dataclass(frozen=True, slots=True)
class Tag:
    """A tag, and how many published posts carry it."""

    id: int
    name: str
    posts_count: int


@dataclass(frozen=True, slots=True)
class PostFilter:
    """Conditions for published posts: of one author, with one tag, both or none."""

    author_id: int | None = None
    tag: str | None = None


@dataclass(frozen=True, slots=True)
class Selection(PostFilter):
    """Conditions of a numbered page: those of `PostFilter`, and those that need the rows of one account."""

    liked_by: int | None = None
    followed_by: int | None = None
    """Only posts of the people whom this account follows."""


@dataclass(frozen=True, slots=True)
class PostAuthor:
    """The author of a post that the caller wants to like or comment on."""

    id: int
    has_blocked: bool
    """Whether the author has blocked the caller."""

    def require_not_blocked(self) -> None:
        """Raises Blocked."""
        if self.has_blocked:
            raise Blocked("The author of this post has blocked you.")


@dataclass(frozen=True, slots=True)
class Editor:
    """The caller who acts on posts, with their roles."""

    id: int
    roles: Collection[str] = ()

    @property
    def moderates(self) -> bool:
        """Whether they may act on other people's posts and comments."""
        return not MODERATORS.isdisjoint(self.roles)
