"""Looking at posts."""

from dataclasses import dataclass

from common.ports import Page
from posts.services.authors import AuthorDirectory
from posts.services.errors import PostNotFound
from posts.services.ports import Place, PostReader, PostSearch, Rank
from posts.services.records import Post, PostFilter
from posts.services.words import parse


@dataclass(frozen=True, slots=True)
class PostQueries:
    """What who may see."""

    posts: PostReader
    searches: PostSearch
    authors: AuthorDirectory

    async def get(self, post_id: int, viewer_id: int | None) -> Post:
        """A published post, or one's own draft.

        Raises:
            PostNotFound: there is none, or it is somebody else's draft, which is told the same way.
        """
        post = await self.posts.get(post_id, viewer_id)
        if post is None or (post.status == "draft" and post.author.id != viewer_id):
            raise PostNotFound(f"There is no post {post_id}.")
        await self.authors.fill_in(post)
        return post

    async def newest(self, wanted: PostFilter, viewer_id: int | None, limit: int, after: Place | None) -> Page[Post]:
        """Published posts, the newest first."""
        return await self._named(await self.posts.newest(wanted, viewer_id, limit, after))

    async def top(self, wanted: PostFilter, viewer_id: int | None, limit: int, after: Rank | None) -> Page[Post]:
        """Published posts, those that are liked most first, as it is now: pages shift while people like."""
        return await self._named(await self.posts.top(wanted, viewer_id, limit, after))

    async def search(
        self, words: str, wanted: PostFilter, viewer_id: int | None, limit: int, after: Place | None
    ) -> Page[Post]:
        """Published posts that have the words, the newest first.

        Raises:
            SearchHasTooManyWords: folded, the query has more words than a query has characters.
            SearchNeedsAWord: only words that must not be there.
        """
        query = parse(words)
        if not query:  # nothing but signs
            return Page([], more=False)
        return await self._named(await self.searches.newest(query, wanted, viewer_id, limit, after))

    async def feed(self, reader_id: int, limit: int, after: Place | None) -> Page[Post]:
        """Posts of the people somebody follows, the newest first."""
        return await self._named(await self.posts.feed(reader_id, limit, after))

    async def drafts(self, author_id: int, limit: int, after: int | None) -> Page[Post]:
        """One's own drafts, the newest first."""
        return await self._named(await self.posts.drafts(author_id, limit, after))

    async def _named(self, found: Page[Post]) -> Page[Post]:
        await self.authors.fill_in(*found.rows)
        return found
