"""What the rules need of the outside, in their own words."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

from common.ports import Slice, Versions
from posts.services.records import Author, Comment, Post

Place = tuple[datetime, int]
"""Where a list of posts goes on: behind this time of publishing and this id."""


class People(Protocol):
    """users, as far as posts asks it."""

    async def cards(self, ids: Collection[int]) -> Mapping[int, Author]:
        """Names and pictures of those who are known. Raises DependencyUnavailable."""

    async def followed_by(self, account_id: int) -> Sequence[int]:
        """Whom somebody follows. Raises DependencyUnavailable."""


class PostReader(Protocol):
    """Posts, for looking at. Authors come without names."""

    async def get(self, post_id: int, viewer_id: int | None) -> Post | None: ...

    async def newest(
        self, viewer_id: int | None, limit: int, after: Place | None, *, author_id: int | None, tag: str | None
    ) -> Slice[Post]: ...

    async def newest_of(
        self, author_ids: Sequence[int], viewer_id: int, limit: int, after: Place | None
    ) -> Slice[Post]: ...

    async def drafts(self, author_id: int, limit: int, after: int | None) -> Slice[Post]: ...


class PostStore(Protocol):
    """Posts, for changing."""

    async def add(self, author_id: int, values: Mapping[str, Any]) -> int:
        """Store a post and return its id."""

    async def get(self, post_id: int, viewer_id: int | None) -> Post | None: ...

    async def lock(self, post_id: int) -> tuple[int, str] | None:
        """Author and status of a post, which nobody else can change until this transaction ends."""

    async def revise(self, post_id: int, changes: Mapping[str, Any], expected: Versions) -> bool:
        """Write the given fields; False if the post is not of an expected version."""

    async def remove(self, post_id: int, expected: Versions) -> bool:
        """False if the post is not of an expected version."""

    async def keep(self, post_id: int) -> int | None:
        """The author of a published post, which cannot be removed until this transaction ends."""

    async def like(self, post_id: int, account_id: int) -> bool:
        """True if it was not so before."""

    async def unlike(self, post_id: int, account_id: int) -> bool:
        """True if it was not so before."""

    async def count(self, post_id: int, *, likes: int = 0, comments: int = 0) -> None:
        """Move a post's counters."""


class CommentStore(Protocol):
    """Comments."""

    async def add(self, post_id: int, author_id: int, body: str) -> Comment: ...

    async def page(self, post_id: int, limit: int, after: int | None) -> Slice[Comment]: ...

    async def lock(self, post_id: int, comment_id: int) -> int | None:
        """The author of a comment, which nobody else can change until this transaction ends."""

    async def revise(self, comment_id: int, body: str, expected: Versions) -> Comment | None:
        """The comment with its new text; None if it is not of an expected version."""

    async def remove(self, comment_id: int, expected: Versions) -> bool:
        """False if the comment is not of an expected version."""
