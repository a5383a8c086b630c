"""Articles: posts, with their authors as the caller sees them. Each method makes at most three calls."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from conduit.services.errors import NotYourArticle
from conduit.services.ports import Articles, People
from conduit.services.records import Article, ArticleFilter, Profile, Selection

Listed = tuple[Sequence[Article], int]
"""Some articles, and how many there are in all."""


@dataclass(frozen=True, slots=True)
class ArticleService:
    """Reads and writes articles."""

    articles: Articles
    people: People

    async def find(self, slug: str) -> Article:
        """An article without its author's profile. Raises ArticleNotFound."""
        return await self.articles.get(slug)

    async def find_own(self, slug: str, caller_id: int) -> Article:
        """As `find`. Raises NotYourArticle: somebody else wrote it."""
        article = await self.find(slug)
        if article.author_id != caller_id:
            raise NotYourArticle("Only its author may change an article.")
        return article

    async def get(self, slug: str) -> Article:
        """Raises ArticleNotFound."""
        return await self._with_author(await self.find(slug))

    async def listed(self, wanted: ArticleFilter, limit: int, offset: int) -> Listed:
        """The newest articles, without their bodies. Nothing is found for an unknown name."""
        names = [name for name in (wanted.author, wanted.favorited) if name is not None]
        known = {one.username.lower(): one for one in await self.people.named(names)} if names else {}
        if any(name.lower() not in known for name in names):
            return [], 0
        author = known[wanted.author.lower()] if wanted.author is not None else None
        liker = known[wanted.favorited.lower()] if wanted.favorited is not None else None
        selection = Selection(wanted.tag, author.id if author else None, liker.id if liker else None)
        return await self._page(selection, limit, offset, {author.id: author} if author else {})

    async def feed(self, limit: int, offset: int) -> Listed:
        """The newest articles of the people whom the caller follows."""
        return await self._page(Selection(feed=True), limit, offset, {})

    async def create(self, fields: Mapping[str, Any]) -> Article:
        """Raises FieldsRefused."""
        return await self._with_author(await self.articles.create(fields))

    async def revise(self, article: Article, fields: Mapping[str, Any]) -> Article:
        """Change what is given. Raises what `Articles.revise` raises."""
        return await self._with_author(await self.articles.revise(article.id, fields))

    async def delete(self, article: Article) -> None:
        await self.articles.delete(article.id)

    async def favorite(self, slug: str) -> Article:
        """Like an article; a repetition changes nothing. Raises ArticleNotFound, NotYourArticle (blocked)."""
        article = await self.find(slug)
        await self.articles.like(article.id)
        # as if the likes of others since then came a moment later
        count = article.favorites_count + (not article.favorited)
        return await self._with_author(replace(article, favorited=True, favorites_count=count))

    async def unfavorite(self, slug: str) -> Article:
        """Remove a like; a repetition changes nothing. Raises ArticleNotFound."""
        article = await self.find(slug)
        await self.articles.unlike(article.id)
        count = article.favorites_count - article.favorited
        return await self._with_author(replace(article, favorited=False, favorites_count=count))

    async def tags(self) -> Sequence[str]:
        """Tags in use, those of the latest articles first."""
        return await self.articles.tags()

    async def _page(self, wanted: Selection, limit: int, offset: int, known: Mapping[int, Profile]) -> Listed:
        found, total = await self.articles.page(wanted, limit, offset)
        authors = {article.author_id for article in found}
        people = known if authors <= known.keys() else await self.people.by_id(authors)
        return [replace(one, author=author_of(one.author_id, people)) for one in found], total

    async def _with_author(self, article: Article) -> Article:
        people = await self.people.by_id({article.author_id})
        return replace(article, author=author_of(article.author_id, people))


def author_of(author_id: int | None, people: Mapping[int, Profile]) -> Profile:
    """The author's profile; a stand-in for somebody who was deleted."""
    known = people.get(author_id) if author_id is not None else None
    return known or Profile(0, "[deleted]", None, None, following=False)
