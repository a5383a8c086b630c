"""Comments in PostgreSQL."""

from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Row, bindparam, delete, func, insert, select, update

from common.database import Runs, of_version
from common.ports import Slice, Versions
from posts.models import Comment as Table
from posts.services.records import Author, Comment

COLUMNS: Final = (
    Table.id,
    Table.post_id,
    Table.body,
    Table.created_at,
    Table.updated_at,
    Table.version,
    Table.author_id,
)
FIRST: Final = select(*COLUMNS).where(Table.post_id == bindparam("post")).order_by(Table.id).limit(bindparam("limit"))
LATER: Final = FIRST.where(Table.id > bindparam("after"))
ADD: Final = insert(Table).returning(*COLUMNS)
LOCK: Final = (
    select(Table.author_id)
    .where(Table.id == bindparam("comment"), Table.post_id == bindparam("post"))
    .with_for_update()
)
REVISE: Final = (
    update(Table)
    .where(Table.id == bindparam("comment"))
    .values(body=bindparam("text"), version=Table.version + 1, updated_at=func.now())
    .returning(*COLUMNS)
)
REMOVE: Final = delete(Table).where(Table.id == bindparam("comment")).returning(Table.id)


def read_comment(row: Row[*tuple[Any, ...]]) -> Comment:
    return Comment(*(*row[:-1], Author(row[-1])))


@dataclass(frozen=True, slots=True)
class CommentRepository:
    """`CommentStore` in PostgreSQL."""

    session: Runs

    async def add(self, post_id: int, author_id: int, body: str) -> Comment:
        values = {"post_id": post_id, "author_id": author_id, "body": body}
        return read_comment((await self.session.execute(ADD, values)).one())

    async def page(self, post_id: int, limit: int, after: int | None) -> Slice[Comment]:
        statement = FIRST if after is None else LATER
        place = {} if after is None else {"after": after}
        found = await self.session.execute(statement, {"post": post_id, "limit": limit + 1, **place})
        return Slice.cut([read_comment(row) for row in found], limit)

    async def lock(self, post_id: int, comment_id: int) -> int | None:
        found = await self.session.execute(LOCK, {"post": post_id, "comment": comment_id})
        author: int | None = found.scalar_one_or_none()
        return author

    async def revise(self, comment_id: int, body: str, expected: Versions) -> Comment | None:
        statement = REVISE.where(*of_version(Table.version, expected))
        row = (await self.session.execute(statement, {"comment": comment_id, "text": body})).one_or_none()
        return read_comment(row) if row else None

    async def remove(self, comment_id: int, expected: Versions) -> bool:
        statement = REMOVE.where(*of_version(Table.version, expected))
        return (await self.session.execute(statement, {"comment": comment_id})).one_or_none() is not None
