"""Comments in PostgreSQL."""

from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import FromClause, Select, asc, bindparam, case, delete, func, insert, select, update

from common.db.database import Executor, version_matches, version_params
from common.db.pages import LIMIT, bounded, read_page
from common.db.rows import RowReader
from common.ports import Page, Versions
from posts.models import Author as People
from posts.models import Comment as Table
from posts.repositories.hidden import not_blocked, of_shown_author, shown
from posts.repositories.post_rows import AUTHOR
from posts.services.records import NOBODY, Comment

FIELDS: Final = ("id", "post_id", "body", "created_at", "updated_at", "version")


def with_author(comments: FromClause) -> Select[*tuple[Any, ...]]:
    """Comments, with their authors' profiles."""
    fields = [comments.c[name] for name in FIELDS]
    author = case((shown(comments.c.author_id), comments.c.author_id)).label("author_id")
    named = select(*fields, author, People.name.label("author_name"), People.avatar_url.label("author_avatar_url"))
    return named.select_from(comments).outerjoin(People, People.id == comments.c.author_id)


COMMENTS: Final = Table.__table__
OLDEST: Final = (
    with_author(COMMENTS)
    .where(COMMENTS.c.post_id == bindparam("post"), not_blocked(COMMENTS.c.author_id))
    .order_by(COMMENTS.c.id)
    .limit(LIMIT)
)
FIRST: Final = bounded(OLDEST, asc, "id")
LATER: Final = bounded(OLDEST.where(COMMENTS.c.id > bindparam("after")), asc, "id")
GET: Final = with_author(COMMENTS).where(
    COMMENTS.c.id == bindparam("comment"), COMMENTS.c.post_id == bindparam("post"), of_shown_author(COMMENTS.c.post_id)
)
ADD: Final = with_author(
    insert(Table)
    .values(post_id=bindparam("post"), author_id=bindparam("author"), body=bindparam("text"))
    .returning(COMMENTS)
    .cte("added")
)
LOCK: Final = (
    select(func.coalesce(Table.author_id, NOBODY))
    .where(Table.id == bindparam("comment"), Table.post_id == bindparam("post"))
    .with_for_update()
)
REVISE: Final = with_author(
    update(Table)
    .where(Table.id == bindparam("comment"), version_matches(Table.version))
    .values(body=bindparam("text"), version=Table.version + 1, updated_at=func.now())
    .returning(COMMENTS)
    .cte("revised")
)
REMOVE: Final = (
    delete(Table).where(Table.id == bindparam("comment"), version_matches(Table.version)).returning(Table.id)
)
COMMENT: Final = RowReader(Comment, last=AUTHOR)


@dataclass(frozen=True, slots=True)
class CommentRepository:
    """`CommentStore` in PostgreSQL."""

    session: Executor

    async def add(self, post_id: int, author_id: int, body: str) -> Comment | None:
        values = {"post": post_id, "author": author_id, "text": body}
        return COMMENT.one(await self.session.execute(ADD, values))

    async def get(self, post_id: int, comment_id: int) -> Comment | None:
        return COMMENT.one(await self.session.execute(GET, {"post": post_id, "comment": comment_id}))

    async def page(self, post_id: int, viewer_id: int | None, limit: int, after: int | None) -> Page[Comment]:
        statement = FIRST if after is None else LATER
        params = {"post": post_id, "viewer": viewer_id, "limit": limit + 1}
        found = await self.session.execute(statement, params if after is None else params | {"after": after})
        return read_page(found, COMMENT)

    async def lock(self, post_id: int, comment_id: int) -> int | None:
        found = await self.session.execute(LOCK, {"post": post_id, "comment": comment_id})
        author: int | None = found.scalar_one_or_none()
        return author

    async def revise(self, comment_id: int, body: str, expected: Versions) -> Comment | None:
        values = {"comment": comment_id, "text": body, **version_params(expected)}
        return COMMENT.one(await self.session.execute(REVISE, values))

    async def remove(self, comment_id: int, expected: Versions) -> bool:
        removed = await self.session.execute(REMOVE, {"comment": comment_id, **version_params(expected)})
        return removed.one_or_none() is not None
