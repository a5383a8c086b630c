"""Records of posts' business rules: plain values, as the repositories read them."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
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


class ReportReason(StrEnum):
    """Why something is reported or removed. Values are stored and shown, so they never change."""

    spam = "spam"
    harassment = "harassment"
    hate = "hate"
    sexual = "sexual"
    violence = "violence"
    illegal = "illegal"
    other = "other"


@dataclass(frozen=True, slots=True)
class Grounds:
    """A reason, and some words about it."""

    reason: ReportReason = ReportReason.other
    note: str = ""


UNSAID: Final = Grounds()
"""Of a removal without a case."""


@dataclass(frozen=True, slots=True)
class Target:
    """A post, or a comment below it, that is reported or removed."""

    post_id: int
    comment_id: int | None
    author_id: int | None
    """None: the author's account was deleted."""


@dataclass(frozen=True, slots=True)
class Report:
    """A report, as its reporter and moderators see it."""

    id: int
    post_id: int
    comment_id: int | None
    reporter_id: int
    reason: str
    note: str
    created_at: datetime


@dataclass(slots=True)
class Case:
    """All reports of one post or comment, until somebody decides."""

    id: int
    post_id: int
    comment_id: int | None
    status: str
    title: str
    """Of the post."""
    excerpt: str
    reports_count: int
    reasons: dict[str, int]
    """How many reports have each reason."""
    opened_at: datetime
    latest_at: datetime
    """Time of the last report."""
    decided_at: datetime | None
    author: Author | None


@dataclass(slots=True)
class Removal:
    """A post or comment that a moderator has removed, with its text."""

    id: int
    post_id: int
    comment_id: int | None
    title: str
    description: str
    body: str
    tags: list[str]
    reason: str
    note: str
    removed_at: datetime
    moderator_id: int | None
    author: Author | None


@dataclass(frozen=True, slots=True)
class Editor:
    """The caller who acts on posts, with their roles."""

    id: int
    roles: Collection[str] = ()

    @property
    def moderates(self) -> bool:
        """Whether they may act on other people's posts and comments."""
        return not MODERATORS.isdisjoint(self.roles)
