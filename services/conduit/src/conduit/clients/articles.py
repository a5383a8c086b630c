"""Articles, favourites, comments and tags, from posts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from urllib.parse import quote

from pydantic import BaseModel

from conduit.clients.peers import Peer
from conduit.services.errors import ArticleNotFound, FieldsRefused, NotYourArticle, NotYourComment
from conduit.services.records import Article, Comment, Selection

MOST: Final = 100
"""Comments, and tags, per call."""
COMMENT_PAGES: Final = 5
"""Most calls for the comments of an article."""
STEPS: Final = frozenset({".", ".."})
"""Slugs that would name another path: no quoting keeps them (RFC 3986, section 6.2.2)."""


class AuthorAnswer(BaseModel):
    """The author of a post or comment."""

    id: int


class PostAnswer(BaseModel):
    """A post of posts; in a list without its body."""

    id: int
    slug: str
    title: str
    description: str
    body: str = ""
    tags: list[str]
    created_at: datetime
    published_at: datetime | None
    updated_at: datetime
    likes_count: int
    liked: bool | None
    author: AuthorAnswer

    @property
    def article(self) -> Article:
        return Article(
            id=self.id,
            slug=self.slug,
            title=self.title,
            description=self.description,
            body=self.body,
            tag_list=self.tags,
            created_at=self.published_at or self.created_at,
            updated_at=self.updated_at,
            favorited=bool(self.liked),
            favorites_count=self.likes_count,
            author_id=self.author.id,
        )


class PageAnswer(BaseModel):
    """A numbered page."""

    items: list[PostAnswer]
    total: int


class CommentAnswer(BaseModel):
    """A comment of posts."""

    id: int
    body: str
    author: AuthorAnswer | None
    created_at: datetime
    updated_at: datetime

    @property
    def comment(self) -> Comment:
        author_id = self.author.id if self.author else None
        return Comment(self.id, self.body, self.created_at, self.updated_at, author_id)


class CommentsAnswer(BaseModel):
    """A page of comments."""

    items: list[CommentAnswer]
    next_cursor: str | None


class TagAnswer(BaseModel):
    """A tag."""

    name: str


class TagsAnswer(BaseModel):
    """A page of tags."""

    items: list[TagAnswer]


@dataclass(frozen=True, slots=True)
class PostsArticles:
    """`Articles` over HTTP."""

    posts: Peer

    async def get(self, slug: str) -> Article:
        if slug in STEPS:
            raise ArticleNotFound("There is no such article.")
        return (await self.posts.fetch("GET", f"/posts/by-slug/{quote(slug, safe='')}", PostAnswer)).article

    async def page(self, wanted: Selection, limit: int, offset: int) -> tuple[Sequence[Article], int]:
        filters = {
            "tag": wanted.tag,
            "author_id": wanted.author_id,
            "liked_by": wanted.liked_by,
            "feed": "true" if wanted.feed else None,
        }
        params: dict[str, str | int] = {name: value for name, value in filters.items() if value is not None}
        params |= {"limit": limit, "offset": offset}
        try:
            answer = await self.posts.fetch("GET", "/posts/numbered", PageAnswer, params=params)
        except FieldsRefused as error:
            if "tag" not in error.fields:
                raise
            return [], 0  # no article can have this tag
        return [one.article for one in answer.items], answer.total

    async def create(self, fields: Mapping[str, Any]) -> Article:
        return (await self.posts.fetch("POST", "/posts", PostAnswer, body=fields)).article

    async def revise(self, article_id: int, fields: Mapping[str, Any]) -> Article:
        return (await self.posts.fetch("PATCH", f"/posts/{article_id}", PostAnswer, body=fields)).article

    async def delete(self, article_id: int) -> None:
        await self.posts.call("DELETE", f"/posts/{article_id}")

    async def like(self, article_id: int) -> None:
        await self.posts.call("PUT", f"/posts/{article_id}/like")

    async def unlike(self, article_id: int) -> None:
        await self.posts.call("DELETE", f"/posts/{article_id}/like")

    async def refresh_follow(self, user_id: int) -> None:
        await self.posts.call("PUT", f"/posts/feed/follows/{user_id}")

    async def comments(self, article_id: int) -> Sequence[Comment]:
        found: list[Comment] = []
        params: dict[str, str | int] = {"limit": MOST}
        for _ in range(COMMENT_PAGES):
            page = await self.posts.fetch("GET", f"/posts/{article_id}/comments", CommentsAnswer, params=params)
            found += [one.comment for one in page.items]
            if page.next_cursor is None:
                break
            params["cursor"] = page.next_cursor
        return found

    async def add_comment(self, article_id: int, body: str) -> Comment:
        path = f"/posts/{article_id}/comments"
        return (await self.posts.fetch("POST", path, CommentAnswer, body={"body": body})).comment

    async def comment(self, article_id: int, comment_id: int) -> Comment:
        return (await self.posts.fetch("GET", f"/posts/{article_id}/comments/{comment_id}", CommentAnswer)).comment

    async def delete_comment(self, article_id: int, comment_id: int) -> None:
        try:
            await self.posts.call("DELETE", f"/posts/{article_id}/comments/{comment_id}")
        except NotYourArticle as error:
            raise NotYourComment("Only its author may delete a comment.") from error

    async def tags(self) -> Sequence[str]:
        answer = await self.posts.fetch("GET", "/posts/tags", TagsAnswer, params={"sort": "recent", "limit": MOST})
        return [one.name for one in answer.items]
