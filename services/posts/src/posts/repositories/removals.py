"""Copies of removed posts and comments, in PostgreSQL."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from sqlalchemy import BigInteger, bindparam, desc, select, text

from common.db.database import Executor
from common.db.pages import LIMIT, bounded, read_page
from common.db.rows import RowReader
from common.ports import Page
from common.schemas import MAX_ID
from posts.models import Author as People
from posts.models import Removal as Table
from posts.repositories.erasing import REMOVED, REMOVED_BY, left_of_the_erased
from posts.repositories.hidden import shown
from posts.repositories.post_rows import AUTHOR
from posts.services.records import Grounds, Removal, Target

KEPT: Final = timedelta(days=90)
"""How long a copy is kept."""
KEEP_POST: Final = text("""
    INSERT INTO removals (author_id, moderator_id, post_id, title, description, body, tags, reason, note)
    SELECT author_id, :moderator, id, title, description, body, posts.tags, :reason, :note FROM posts WHERE id = :post
""")
KEEP_COMMENT: Final = text("""
    INSERT INTO removals (author_id, moderator_id, post_id, comment_id, body, reason, note)
    SELECT author_id, :moderator, post_id, id, body, :reason, :note FROM comments WHERE id = :comment
""")
NEWEST: Final = (
    select(
        Table.id,
        Table.post_id,
        Table.comment_id,
        Table.title,
        Table.description,
        Table.body,
        Table.tags,
        Table.reason,
        Table.note,
        Table.removed_at,
        Table.moderator_id,
        Table.author_id,
        People.name.label("author_name"),
        People.avatar_url.label("author_avatar_url"),
    )
    .outerjoin(People, People.id == Table.author_id)
    .where(Table.id < bindparam("after", type_=BigInteger))
    .order_by(Table.id.desc())
    .limit(LIMIT)
)
# those of deleted authors, too: nobody else can say what a moderator has removed
ALL: Final = bounded(NEWEST.where(Table.author_id.is_(None) | shown(Table.author_id)), desc, "id")
OWN: Final = bounded(NEWEST.where(Table.author_id == bindparam("author"), shown(Table.author_id)), desc, "id")
FORGET: Final = text(f"""
    DELETE FROM removals WHERE id = ANY (ARRAY(
        SELECT id FROM removals WHERE removed_at < now() - interval '{KEPT.days} days'
        ORDER BY removed_at LIMIT :most FOR UPDATE SKIP LOCKED))
    RETURNING id
""")  # noqa: S608  # a number of ours
FORGET_ERASED: Final = [left_of_the_erased(*REMOVED), left_of_the_erased(*REMOVED_BY)]
REMOVAL: Final = RowReader(Removal, last=AUTHOR)


@dataclass(frozen=True, slots=True)
class RemovalRepository:
    """`RemovalReader` and `RemovalStore` in PostgreSQL."""

    session: Executor

    async def keep(self, target: Target, moderator_id: int, grounds: Grounds) -> None:
        said = {"moderator": moderator_id, "reason": grounds.reason, "note": grounds.note}
        if target.comment_id is None:
            await self.session.execute(KEEP_POST, {**said, "post": target.post_id})
        else:
            await self.session.execute(KEEP_COMMENT, {**said, "comment": target.comment_id})

    async def page(self, limit: int, after: int | None) -> Page[Removal]:
        return read_page(await self.session.execute(ALL, place(limit, after)), REMOVAL)

    async def page_of(self, author_id: int, limit: int, after: int | None) -> Page[Removal]:
        params = {"author": author_id, **place(limit, after)}
        return read_page(await self.session.execute(OWN, params), REMOVAL)

    async def forget(self, most: int) -> int:
        return len((await self.session.execute(FORGET, {"most": most})).all())

    async def forget_erased(self, most: int) -> int:
        changed = [(await self.session.execute(statement, {"most": most})).all() for statement in FORGET_ERASED]
        return max(len(rows) for rows in changed)


def place(limit: int, after: int | None) -> dict[str, int]:
    return {"limit": limit + 1, "after": MAX_ID if after is None else after}
