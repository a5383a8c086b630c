"""Comments on articles."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from conduit.services.articles import author_of
from conduit.services.errors import CommentNotFound, NotYourComment
from conduit.services.ports import Articles, People
from conduit.services.records import Article, Comment

ID: Final = re.compile(r"[1-9][0-9]{0,14}")


@dataclass(frozen=True, slots=True)
class CommentService:
    """Reads and writes comments: at most two calls each, after the article was found by its slug."""

    articles: Articles
    people: People

    async def all(self, article: Article) -> Sequence[Comment]:
        """The first 500 comments, the oldest first.

        One call more for each further hundred, and each further hundred people.
        """
        return await self._with_authors(await self.articles.comments(article.id))

    async def add(self, article: Article, body: str) -> Comment:
        """Raises NotYourArticle (its author has blocked the caller), FieldsRefused."""
        (comment,) = await self._with_authors([await self.articles.add_comment(article.id, body)])
        return comment

    async def delete(self, article: Article, comment_id: str, caller_id: int) -> None:
        """Delete one of the caller's own comments. Raises CommentNotFound (also for what is no id), NotYourComment."""
        if not ID.fullmatch(comment_id):
            raise CommentNotFound("There is no such comment.")
        comment = await self.articles.comment(article.id, int(comment_id))
        if comment.author_id != caller_id:
            raise NotYourComment("Only its author may delete a comment.")
        await self.articles.delete_comment(article.id, comment.id)

    async def _with_authors(self, comments: Sequence[Comment]) -> Sequence[Comment]:
        ids = {comment.author_id for comment in comments if comment.author_id is not None}
        people = await self.people.by_id(ids) if ids else {}
        return [replace(comment, author=author_of(comment.author_id, people)) for comment in comments]
