"""The ports of posts' business rules."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from common.ports import Page, Versions
from common.state_events import ErasureStore, Event, EventPublisher, RevocationStore
from posts.services.records import (
    Author,
    AuthorStats,
    Case,
    Comment,
    Grounds,
    Post,
    PostAuthor,
    PostFilter,
    Removal,
    Report,
    Selection,
    Tag,
    Target,
)
from posts.services.words import Query

Place = tuple[datetime, int]
"""A place in a list by time: the publication time and id of the last post before it."""
Rank = tuple[int, int]
"""A place in a list by number: the number (of likes, of posts) and id of the last item before it."""


class ProfileClient(Protocol):
    """Calls to users."""

    async def get(self, ids: Collection[int]) -> Sequence[Event]:
        """The existing profiles. Raises DependencyUnavailable."""


class FollowClient(Protocol):
    """Calls to users."""

    async def get(self, follower_id: int, followee_id: int) -> Sequence[Event]:
        """The state of one follow; empty if there was never one. Raises DependencyUnavailable."""


class AuthorStore(Protocol):
    """Read model of users' profiles. Newer states replace older ones."""

    async def known(self, ids: Collection[int]) -> Mapping[int, Author]: ...

    async def note_profiles(self, profiles: Sequence[Event]) -> None: ...

    async def note_accounts(self, accounts: Sequence[Event]) -> None:
        """Store accounts that have no profile yet; a profile of any version takes precedence."""


class EdgeStore(Protocol):
    """Read models of users' follows and blocks."""

    async def note_follows(self, follows: Sequence[Event]) -> None: ...

    async def note_blocks(self, blocks: Sequence[Event]) -> None: ...


class StatsStore(Protocol):
    """Numbers of published posts by author."""

    async def count(self, author_id: int, step: int) -> AuthorStats | None:
        """Change an author's counter; None if the author was deleted."""

    async def page(self, after: int, limit: int) -> Sequence[AuthorStats]:
        """Authors with larger ids, ordered by id."""


class PostReader(Protocol):
    """Reads posts. An unknown author has no name."""

    async def get(self, post_id: int, viewer_id: int | None) -> Post | None: ...

    async def newest(
        self, wanted: PostFilter, viewer_id: int | None, limit: int, after: Place | None
    ) -> Page[Post]: ...

    async def top(self, wanted: PostFilter, viewer_id: int | None, limit: int, after: Rank | None) -> Page[Post]:
        """The most liked first; of equally liked ones the newest first."""

    async def feed(self, reader_id: int, limit: int, after: Place | None) -> Page[Post]:
        """Posts of the people that the reader follows."""

    async def drafts(self, author_id: int, limit: int, after: int | None) -> Page[Post]: ...


class NumberedReader(Protocol):
    """Reads posts by their place in a list."""

    async def page(
        self, wanted: Selection, viewer_id: int | None, limit: int, offset: int
    ) -> tuple[Sequence[Post], int]:
        """Some posts, the newest first, without their texts; and how many there are in all."""


class PostSearch(Protocol):
    """Finds posts by their words."""

    async def newest(
        self, query: Query, wanted: PostFilter, viewer_id: int | None, limit: int, after: Place | None
    ) -> Page[Post]: ...


class TagStore(Protocol):
    """Changes tags. Changes of posts count them."""

    async def forget_unused(self, most: int) -> int:
        """Delete up to `most` tags that no published post has; returns how many."""


class TagReader(Protocol):
    """Reads tags of published posts."""

    async def most_used(self, limit: int, after: Rank | None) -> Page[Tag]: ...

    async def recent(self, limit: int) -> Sequence[Tag]:
        """Tags of the latest posts, the newest post's first."""


class PostStore(Protocol):
    """Reads and changes posts."""

    async def add(self, author_id: int, values: Mapping[str, Any]) -> tuple[Post, AuthorStats | None] | None:
        """Store a post, and count it if it is published. None, or no stats: its author was deleted meanwhile."""

    async def get(self, post_id: int, viewer_id: int | None) -> Post | None: ...

    async def lock(self, post_id: int) -> tuple[int, str] | None:
        """Author and status of a post, locked until this transaction ends."""

    async def revise(self, post_id: int, changes: Mapping[str, Any], expected: Versions) -> bool:
        """Write the given fields; False if the post does not have an expected version."""

    async def remove(self, post_id: int, expected: Versions) -> bool:
        """False if the post does not have an expected version."""

    async def lock_for_share(self, post_id: int, viewer_id: int) -> PostAuthor | None:
        """The author of a published post, which cannot be deleted until this transaction ends."""

    async def like(self, post_id: int, account_id: int) -> bool:
        """True if the account did not like it before."""

    async def unlike(self, post_id: int, account_id: int) -> bool:
        """True if the account liked it before."""

    async def count(self, post_id: int, *, likes: int = 0, comments: int = 0) -> None:
        """Change a post's counters."""


class CommentStore(Protocol):
    """Reads and changes comments."""

    async def add(self, post_id: int, author_id: int, body: str) -> Comment | None:
        """None if its author was deleted."""

    async def get(self, post_id: int, comment_id: int) -> Comment | None: ...

    async def page(self, post_id: int, viewer_id: int | None, limit: int, after: int | None) -> Page[Comment]:
        """The oldest first, without those of people whom the viewer blocks."""

    async def lock(self, post_id: int, comment_id: int) -> int | None:
        """The author (or NOBODY) of a comment, locked until this transaction ends."""

    async def revise(self, comment_id: int, body: str, expected: Versions) -> Comment | None:
        """The comment with its new text; None if it does not have an expected version."""

    async def remove(self, comment_id: int, expected: Versions) -> bool:
        """False if the comment does not have an expected version."""


class CaseReader(Protocol):
    """Reads cases and their reports, for moderators."""

    async def page(self, status: str, limit: int, after: int | None) -> Page[Case]:
        """Open cases, the oldest first; dismissed ones, the newest first."""

    async def reports(self, case_id: int, limit: int, after: int | None) -> Page[Report]:
        """The reports of a case, the oldest first."""

    async def target(self, case_id: int) -> Target | None:
        """What a case is about; None if there is no such case."""


class CaseStore(Protocol):
    """Changes cases. Whoever locks both locks the target first."""

    async def report(self, target: Target, reporter_id: int, grounds: Grounds) -> Report | None:
        """Add a report to the target's open case, which is opened if there is none.

        The reporter's first report of the case, if there was one. None: the reporter, or the author, was deleted.
        """

    async def target(self, case_id: int) -> Target | None:
        """What a case is about; None if there is no such case."""

    async def lock(self, case_id: int) -> str | None:
        """The status of a case, locked until this transaction ends; None if there is no such case."""

    async def dismiss(self, case_id: int) -> None: ...

    async def forget(self, most: int) -> int:
        """Delete up to `most` cases that were dismissed long ago; returns how many."""

    async def forget_erased(self, most: int) -> int:
        """Delete up to `most` reports by accounts whose erasure has ended; returns how many."""


class RemovalReader(Protocol):
    """Reads removals, the newest first."""

    async def page(self, limit: int, after: int | None) -> Page[Removal]: ...

    async def page_of(self, author_id: int, limit: int, after: int | None) -> Page[Removal]: ...


class RemovalStore(Protocol):
    """Keeps copies of what moderators remove."""

    async def keep(self, target: Target, moderator_id: int, grounds: Grounds) -> None:
        """Copy the target, which is still there."""

    async def forget(self, most: int) -> int:
        """Delete up to `most` copies that are old enough; returns how many."""

    async def forget_erased(self, most: int) -> int:
        """Delete up to `most` copies of authors whose erasure has ended, and name no such moderator in as many others.

        Returns the larger number.
        """


class PictureStore(Protocol):
    """The pictures that texts show. They are locked until the transaction ends."""

    async def check_later(self, author_id: int, names: Sequence[str], post_id: int | None = None) -> None:
        """Keep the author's with these names, and those in the post's text, for an hour; then delete unused ones."""

    async def withdraw(self, author_id: int, names: Sequence[str]) -> None:
        """Show those of the author with these names nowhere from now on, and delete them soon."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitOfWork:
    """All stores of one short transaction."""

    posts: PostStore
    comments: CommentStore
    stats: StatsStore
    tags: TagStore
    authors: AuthorStore
    edges: EdgeStore
    cases: CaseStore
    removals: RemovalStore
    pictures: PictureStore
    events: EventPublisher
    revocations: RevocationStore
    erasures: ErasureStore
