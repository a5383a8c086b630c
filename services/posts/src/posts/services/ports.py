"""What the rules need of the outside, in their own words."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from common.ports import Page, Versions
from common.state_events import ErasureStore, Event, EventPublisher, RevocationStore
from posts.services.records import Author, AuthorStats, Comment, Post, PostAuthor, PostFilter, Tag
from posts.services.words import Query

Place = tuple[datetime, int]
"""Where a list of posts goes on: behind this time of publishing and this id."""
Rank = tuple[int, int]
"""Where a list by numbers goes on: behind this number (of likes, of posts) and this id."""


class ProfileClient(Protocol):
    """users, as far as posts asks it."""

    async def get(self, ids: Collection[int]) -> Sequence[Event]:
        """The profiles of those who have one. Raises DependencyUnavailable."""


class AuthorStore(Protocol):
    """Read model of users' profiles. Newer states replace older ones."""

    async def known(self, ids: Collection[int]) -> Mapping[int, Author]: ...

    async def note_profiles(self, profiles: Sequence[Event]) -> None: ...

    async def note_accounts(self, accounts: Sequence[Event]) -> None:
        """People of whom there is no profile yet; a profile of any version counts more."""


class EdgeStore(Protocol):
    """Read models of users' edges: who follows, and who blocks, whom."""

    async def note_follows(self, follows: Sequence[Event]) -> None: ...

    async def note_blocks(self, blocks: Sequence[Event]) -> None: ...


class StatsStore(Protocol):
    """How much people have published."""

    async def count(self, author_id: int, step: int) -> AuthorStats | None:
        """Move an author's counter; None if the author was deleted."""

    async def page(self, after: int, limit: int) -> Sequence[AuthorStats]:
        """Authors with larger ids, in their order."""


class PostReader(Protocol):
    """Posts, for looking at. An author who is not known here comes without a name."""

    async def get(self, post_id: int, viewer_id: int | None) -> Post | None: ...

    async def newest(
        self, wanted: PostFilter, viewer_id: int | None, limit: int, after: Place | None
    ) -> Page[Post]: ...

    async def top(self, wanted: PostFilter, viewer_id: int | None, limit: int, after: Rank | None) -> Page[Post]:
        """The most liked first, and of equally liked ones the newest."""

    async def feed(self, reader_id: int, limit: int, after: Place | None) -> Page[Post]:
        """Posts of those whom the reader follows."""

    async def drafts(self, author_id: int, limit: int, after: int | None) -> Page[Post]: ...


class PostSearch(Protocol):
    """Posts, found by their words."""

    async def newest(
        self, query: Query, wanted: PostFilter, viewer_id: int | None, limit: int, after: Place | None
    ) -> Page[Post]: ...


class TagStore(Protocol):
    """Tags, for changing. Posts count them."""

    async def forget_unused(self, most: int) -> int:
        """Remove up to so many tags that no published post carries; returns how many there were."""


class TagReader(Protocol):
    """Tags that published posts carry."""

    async def most_used(self, limit: int, after: Rank | None) -> Page[Tag]: ...


class PostStore(Protocol):
    """Posts, for changing."""

    async def add(self, author_id: int, values: Mapping[str, Any]) -> int | None:
        """Store a post and return its id; None if its author was deleted."""

    async def get(self, post_id: int, viewer_id: int | None) -> Post | None: ...

    async def lock(self, post_id: int) -> tuple[int, str] | None:
        """Author and status of a post, which nobody else can change until this transaction ends."""

    async def revise(self, post_id: int, changes: Mapping[str, Any], expected: Versions) -> bool:
        """Write the given fields; False if the post is not of an expected version."""

    async def remove(self, post_id: int, expected: Versions) -> bool:
        """False if the post is not of an expected version."""

    async def lock_for_share(self, post_id: int, viewer_id: int) -> PostAuthor | None:
        """The author of a published post, which cannot be removed until this transaction ends."""

    async def like(self, post_id: int, account_id: int) -> bool:
        """True if it was not so before."""

    async def unlike(self, post_id: int, account_id: int) -> bool:
        """True if it was not so before."""

    async def count(self, post_id: int, *, likes: int = 0, comments: int = 0) -> None:
        """Move a post's counters."""


class CommentStore(Protocol):
    """Comments."""

    async def add(self, post_id: int, author_id: int, body: str) -> Comment | None:
        """None if its author was deleted."""

    async def get(self, post_id: int, comment_id: int) -> Comment | None: ...

    async def page(self, post_id: int, limit: int, after: int | None) -> Page[Comment]: ...

    async def lock(self, post_id: int, comment_id: int) -> int | None:
        """The author (or NOBODY) of a comment, which nobody else can change until this transaction ends."""

    async def revise(self, comment_id: int, body: str, expected: Versions) -> Comment | None:
        """The comment with its new text; None if it is not of an expected version."""

    async def remove(self, comment_id: int, expected: Versions) -> bool:
        """False if the comment is not of an expected version."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitOfWork:
    """All stores of one short transaction."""

    posts: PostStore
    comments: CommentStore
    stats: StatsStore
    tags: TagStore
    authors: AuthorStore
    edges: EdgeStore
    events: EventPublisher
    revocations: RevocationStore
    erasures: ErasureStore
