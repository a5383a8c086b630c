"""Rows of posts as one viewer sees them: the common part of all statements that read posts."""

from typing import Final

from sqlalchemy import bindparam, case, exists, func, select

from common.db.database import Executor
from common.db.pages import Rows
from common.db.rows import RowReader
from posts.models import Author as People
from posts.models import Like, PostStats
from posts.models import Post as Table
from posts.repositories.hidden import VIEWER, shown
from posts.services.records import Author, Post

LIKED: Final = case(
    (VIEWER.is_not(None), exists().where(Like.post_id == Table.id, Like.account_id == VIEWER)),
).label("liked")
COLUMNS: Final = (
    Table.id,
    Table.title,
    Table.description,
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
    People.name.label("author_name"),
    People.avatar_url.label("author_avatar_url"),
)
POSTS: Final[Rows] = (
    select(*COLUMNS).outerjoin(PostStats, PostStats.post_id == Table.id).outerjoin(People, People.id == Table.author_id)
)
GET: Final = POSTS.where(Table.id == bindparam("post"), shown(Table.author_id))
AUTHOR: Final = RowReader(Author, prefix="author_")
POST: Final = RowReader(Post, last=AUTHOR)


async def get_post(session: Executor, post_id: int, viewer_id: int | None) -> Post | None:
    """One post, published or not."""
    return POST.one(await session.execute(GET, {"post": post_id, "viewer": viewer_id}))
