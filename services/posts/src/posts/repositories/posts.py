"""Posts in PostgreSQL."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    Row,
    Select,
    bindparam,
    case,
    delete,
    exists,
    func,
    insert,
    literal,
    select,
    text,
    true,
    tuple_,
    update,
)
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.sql.selectable import FromClause

from common.database import Runs, of_version, versions
from common.ports import Slice, Versions
from posts.models import Author as People
from posts.models import Follow, Like, PostStats, PostTag
from posts.models import Post as Table
from posts.services.ports import Place
from posts.services.records import Author, Post

VIEWER: Final = bindparam("viewer", type_=BigInteger)
LIMIT: Final = bindparam("limit", type_=BigInteger)
AFTER: Final = tuple_(bindparam("time"), bindparam("id"))
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
    func.coalesce(PostStats.likes_count, 0),
    func.coalesce(PostStats.comments_count, 0),
    LIKED,
    Table.author_id,
    People.name,
    People.avatar_url,
)
Rows = Select[*tuple[Any, ...]]
POSTS: Final[Rows] = (
    select(*COLUMNS).outerjoin(PostStats, PostStats.post_id == Table.id).outerjoin(People, People.id == Table.author_id)
)
GET: Final = POSTS.where(Table.id == bindparam("post"))
NEWEST_FIRST: Final = (Table.published_at.desc(), Table.id.desc())
NEWEST: Final = POSTS.where(Table.status == "published").order_by(*NEWEST_FIRST).limit(LIMIT)
BY_AUTHOR: Final = NEWEST.where(Table.author_id == bindparam("author"))
# A tag's own index is in the lists' order: the page is cut from it before any post is read.
BY_TAG: Final = (
    POSTS.join(PostTag, PostTag.post_id == Table.id)
    .where(PostTag.tag == bindparam("tag"))
    .order_by(PostTag.published_at.desc(), PostTag.post_id.desc())
    .limit(LIMIT)
)
BY_TAG_AND_AUTHOR: Final = BY_TAG.where(Table.author_id == bindparam("author"))
LATER_POSTS: Final = tuple_(Table.published_at, Table.id) < AFTER
LATER_TAGS: Final = tuple_(PostTag.published_at, PostTag.post_id) < AFTER
DRAFTS: Final = (
    POSTS.where(Table.status == "draft", Table.author_id == bindparam("author")).order_by(Table.id.desc()).limit(LIMIT)
)


def newest_of_each(*after: Any) -> FromClause:
    """The places of each followed author's newest posts: at most `limit` index rows per author, however silent."""
    newest = (
        select(Table.id, Table.published_at)
        .where(Table.status == "published", Table.author_id == Follow.followee_id, *after)
        .order_by(*NEWEST_FIRST)
        .limit(LIMIT)
        .lateral()
    )
    merged = (
        select(newest.c.id)
        .select_from(Follow)
        .join(newest, true())
        .where(Follow.follower_id == VIEWER, Follow.active)
        .order_by(newest.c.published_at.desc(), newest.c.id.desc())
        .limit(LIMIT)
    )
    return merged.subquery()


def feed(*after: Any) -> Rows:
    page = newest_of_each(*after)
    return POSTS.join(page, page.c.id == Table.id).order_by(*NEWEST_FIRST)


FEED: Final = feed()
LATER_FEED: Final = feed(LATER_POSTS)
# One statement, since each costs a round trip and what SQLAlchemy does around it.
ADD: Final = text("""
    WITH post AS (
        INSERT INTO posts (author_id, title, body, tags, status, published_at)
        VALUES (:author, :title, :body, :tags, :status, CASE WHEN CAST(:status AS text) = 'published' THEN now() END)
        RETURNING id, tags, published_at
    ), stats AS (
        INSERT INTO post_stats (post_id) SELECT id FROM post
    ), tagged AS (
        INSERT INTO post_tags (post_id, tag, published_at)
        SELECT id, unnest(tags), published_at FROM post WHERE published_at IS NOT NULL
    )
    SELECT id FROM post
""")
LOCK: Final = select(Table.author_id, Table.status).where(Table.id == bindparam("post")).with_for_update()
# Weaker than LOCK: any number of people may like at once, but nobody may remove the post meanwhile.
KEEP: Final = (
    select(Table.author_id)
    .where(Table.id == bindparam("post"), Table.status == "published")
    .with_for_update(key_share=True, read=True)
)
LIKE: Final = (
    upsert(Like)
    .values(post_id=bindparam("post"), account_id=bindparam("account"))
    .on_conflict_do_nothing()
    .returning(Like.post_id)
)
UNLIKE: Final = (
    delete(Like)
    .where(Like.post_id == bindparam("post"), Like.account_id == bindparam("account"))
    .returning(Like.post_id)
)
COUNT: Final = (
    update(PostStats)
    .where(PostStats.post_id == bindparam("post"))
    .values(
        likes_count=PostStats.likes_count + bindparam("likes"),
        comments_count=PostStats.comments_count + bindparam("comments"),
    )
)
REMOVE: Final = delete(Table).where(Table.id == bindparam("post"), of_version(Table.version)).returning(Table.id)
PUBLISHED_AT: Final = case((Table.published_at.is_(None), func.now()), else_=Table.published_at)


def read_post(row: Row[*tuple[Any, ...]]) -> Post:
    return Post(*(*row[:-3], Author(*row[-3:])))


@dataclass(frozen=True, slots=True)
class PostRepository:
    """`PostReader` and `PostStore` in PostgreSQL."""

    session: Runs

    async def get(self, post_id: int, viewer_id: int | None) -> Post | None:
        row = (await self.session.execute(GET, {"post": post_id, "viewer": viewer_id})).one_or_none()
        return read_post(row) if row else None

    async def newest(
        self, viewer_id: int | None, limit: int, after: Place | None, *, author_id: int | None, tag: str | None
    ) -> Slice[Post]:
        if tag is None:
            statement, later = (NEWEST if author_id is None else BY_AUTHOR), LATER_POSTS
        else:
            statement, later = (BY_TAG if author_id is None else BY_TAG_AND_AUTHOR), LATER_TAGS
        if after:
            statement = statement.where(later)
        return await self._page(statement, viewer_id, limit, after, author=author_id, tag=tag)

    async def feed(self, reader_id: int, limit: int, after: Place | None) -> Slice[Post]:
        return await self._page(LATER_FEED if after else FEED, reader_id, limit, after)

    async def drafts(self, author_id: int, limit: int, after: int | None) -> Slice[Post]:
        statement = DRAFTS if after is None else DRAFTS.where(Table.id < after)
        return await self._page(statement, author_id, limit, None, author=author_id)

    async def _page(
        self, statement: Rows, viewer_id: int | None, limit: int, after: Place | None, **params: Any
    ) -> Slice[Post]:
        place = {"time": after[0], "id": after[1]} if after else {}
        found = await self.session.execute(statement, {"viewer": viewer_id, "limit": limit + 1, **place, **params})
        return Slice.cut([read_post(row) for row in found], limit)

    async def add(self, author_id: int, values: Mapping[str, Any]) -> int:
        post_id: int = (await self.session.execute(ADD, {**values, "author": author_id})).scalar_one()
        return post_id

    async def lock(self, post_id: int) -> tuple[int, str] | None:
        row = (await self.session.execute(LOCK, {"post": post_id})).one_or_none()
        return (row.author_id, row.status) if row else None

    async def revise(self, post_id: int, changes: Mapping[str, Any], expected: Versions) -> bool:
        statement = update(Table).where(Table.id == post_id, of_version(Table.version)).returning(Table.id)
        statement = statement.values(**changes, version=Table.version + 1, updated_at=func.now())
        if changes.get("status") == "published":
            statement = statement.values(published_at=PUBLISHED_AT)
        if (await self.session.execute(statement, versions(expected))).one_or_none() is None:
            return False
        if changes.keys() & {"tags", "status"}:
            await self._tag(post_id)
        return True

    async def _tag(self, post_id: int) -> None:
        """Bring the tag rows to what the post says; a draft has none."""
        await self.session.execute(delete(PostTag).where(PostTag.post_id == post_id))
        tags = select(Table.id, func.unnest(Table.tags), Table.published_at)
        tags = tags.where(Table.id == post_id, Table.status == literal("published"))
        await self.session.execute(insert(PostTag).from_select(["post_id", "tag", "published_at"], tags))

    async def remove(self, post_id: int, expected: Versions) -> bool:
        removed = await self.session.execute(REMOVE, {"post": post_id, **versions(expected)})
        return removed.one_or_none() is not None

    async def keep(self, post_id: int) -> int | None:
        author: int | None = (await self.session.execute(KEEP, {"post": post_id})).scalar_one_or_none()
        return author

    async def like(self, post_id: int, account_id: int) -> bool:
        return (await self.session.execute(LIKE, {"post": post_id, "account": account_id})).one_or_none() is not None

    async def unlike(self, post_id: int, account_id: int) -> bool:
        return (await self.session.execute(UNLIKE, {"post": post_id, "account": account_id})).one_or_none() is not None

    async def count(self, post_id: int, *, likes: int = 0, comments: int = 0) -> None:
        await self.session.execute(COUNT, {"post": post_id, "likes": likes, "comments": comments})
