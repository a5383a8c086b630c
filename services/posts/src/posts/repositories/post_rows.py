"""Rows of posts as one viewer sees them: what all statements that read posts have in common."""

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import BigInteger, bindparam, case, exists, func, select

from common.db.database import Executor
from posts.models import Author as People
from posts.models import Like, PostStats
from posts.models import Post as Table
from posts.repositories.hidden import shown
from posts.repositories.pages import Rows
from posts.services.records import Author, Post

VIEWER: Final = bindparam("viewer", type_=BigInteger)
LIKED: Final = case(
    (VIEWER.is_not(None), exists().where(Like.post_id == Table.id, Like.account_id == VIEWER)),
).label("liked")
COLUMNS: Final = (
    Table.id,
    Table.title,
    Table.body,
    Table.tags,
    Table.status,
    Table.created_at,
    Table.updated_at,
    Table.published_at,
    Table.version,
    func.coalesce(PostStats.likes_count, 0).label("likes_count"),
    func.coalesce(PostStats.comments_count, 0).label("comments_count"),
    LIKED,
    Table.author_id,
    People.name,
    People.avatar_url,
)
POSTS: Final[Rows] = (
    select(*COLUMNS).outerjoin(PostStats, PostStats.post_id == Table.id).outerjoin(People, People.id == Table.author_id)
)
GET: Final = POSTS.where(Table.id == bindparam("post"), shown(Table.author_id))


def read_post(row: Sequence[Any]) -> Post:
    return Post(*(*row[:-3], Author(*row[-3:])))


async def get_post(session: Executor, post_id: int, viewer_id: int | None) -> Post | None:
    """One post, published or not."""
    row = (await session.execute(GET, {"post": post_id, "viewer": viewer_id})).one_or_none()
    return read_post(row) if row else None
