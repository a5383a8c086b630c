"""Reading posts."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from common.ports import Page
from posts.services.authors import AuthorDirectory
from posts.services.errors import FeedOffsetTooLarge, LikesArePrivate, PostNotFound
from posts.services.ports import NumberedReader, Place, PostReader, PostSearch, Rank
from posts.services.records import Post, PostFilter, Selection
from posts.services.slugs import id_in
from posts.services.words import parse

FURTHEST_IN_FEED: Final = 1_000


@dataclass(frozen=True, slots=True)
class PostQueries:
    """Reads posts, as far as the viewer may see them."""

    posts: PostReader
    searches: PostSearch
    numbers: NumberedReader
    authors: AuthorDirectory
    likes_are_public: bool = False
    """Whether anybody may list the posts that somebody likes."""

    async def get(self, post_id: int, viewer_id: int | None) -> Post:
        """A published post, or the viewer's own draft.

        Raises:
            PostNotFound: there is no such post, or it is somebody else's draft. The answer does not tell which.
        """
        post = await self.posts.get(post_id, viewer_id)
        if post is None or (post.status == "draft" and post.author.id != viewer_id):
            raise PostNotFound(f"There is no post {post_id}.")
        await self.authors.fill_in(post)
        return post

    async def by_slug(self, slug: str, viewer_id: int | None) -> Post:
        """The post with exactly this slug. Raises PostNotFound, as `get`."""
        post_id = id_in(slug)
        post = await self.get(post_id, viewer_id) if post_id else None
        if post is None or post.slug != slug:
            raise PostNotFound("There is no such post.")
        return post

    async def numbered(
        self, wanted: Selection, viewer_id: int | None, limit: int, offset: int
    ) -> tuple[Sequence[Post], int]:
        """Published posts without their texts, the newest first; and how many there are, if need be up to 10,000.

        Raises:
            LikesArePrivate: the posts that somebody else likes.
            FeedOffsetTooLarge: with `followed_by`, each followee's posts are read up to the page's end.
        """
        if wanted.liked_by not in {None, viewer_id} and not self.likes_are_public:
            raise LikesArePrivate("Only they may list the posts that somebody likes.")
        if wanted.followed_by is not None and offset > FURTHEST_IN_FEED:
            raise FeedOffsetTooLarge(f"In a feed, at most {FURTHEST_IN_FEED:,} posts can be skipped.")
        found, total = await self.numbers.page(wanted, viewer_id, limit, offset)
        await self.authors.fill_in(*found)
        return found, total

    async def newest(self, wanted: PostFilter, viewer_id: int | None, limit: int, after: Place | None) -> Page[Post]:
        """Published posts, the newest first."""
        return await self._named(await self.posts.newest(wanted, viewer_id, limit, after))

    async def top(self, wanted: PostFilter, viewer_id: int | None, limit: int, after: Rank | None) -> Page[Post]:
        """Published posts, the most liked first. The order is live: pages shift as likes change."""
        return await self._named(await self.posts.top(wanted, viewer_id, limit, after))

    async def search(
        self, words: str, wanted: PostFilter, viewer_id: int | None, limit: int, after: Place | None
    ) -> Page[Post]:
        """Published posts that have the words, the newest first.

        Raises:
            SearchHasTooManyWords: folded, the query has more words than a query may have characters.
            SearchNeedsAWord: the query only excludes words.
        """
        query = parse(words)
        if not query:  # only punctuation
            return Page([], more=False)
        return await self._named(await self.searches.newest(query, wanted, viewer_id, limit, after))

    async def feed(self, reader_id: int, limit: int, after: Place | None) -> Page[Post]:
        """Posts of the people that the reader follows, the newest first."""
        return await self._named(await self.posts.feed(reader_id, limit, after))

    async def drafts(self, author_id: int, limit: int, after: int | None) -> Page[Post]:
        """The author's own drafts, the newest first."""
        return await self._named(await self.posts.drafts(author_id, limit, after))

    async def _named(self, found: Page[Post]) -> Page[Post]:
        await self.authors.fill_in(*found.rows)
        return found
