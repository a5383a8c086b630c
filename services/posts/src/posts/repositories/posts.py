"""Changes of posts in PostgreSQL, with their counters and list rows.

Rows are locked in the same order everywhere: the post, its likes or comments, pictures by name, the post's counters,
tags by name, the author's totals, the outbox.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import BigInteger, bindparam, delete, exists, func, select, text, update
from sqlalchemy.dialects.postgresql import insert

from common.db.database import EXPECTED, Executor, version_matches, version_params
from common.db.rows import RowReader
from common.ports import Versions
from posts.models import Block, Like, PostStats
from posts.models import Post as Table
from posts.repositories.hidden import shown
from posts.repositories.post_rows import POST, get_post
from posts.repositories.words import OF_POST, WRITE, as_tsvector
from posts.services.records import AuthorStats, Post, PostAuthor

# One statement each, since every statement costs a round trip and SQLAlchemy's overhead.
ADD: Final = text("""
    WITH post AS (
        INSERT INTO posts (author_id, title, description, body, tags, status, published_at)
        VALUES (:author, :title, :description, :body, :tags, :status,
            CASE WHEN CAST(:status AS text) = 'published' THEN now() END)
        RETURNING id, title, description, body, posts.tags AS names, status, created_at, updated_at, published_at,
            version
    ), published AS (
        SELECT id, names, published_at FROM post WHERE published_at IS NOT NULL
    ), stats AS (
        INSERT INTO post_stats (post_id) SELECT id FROM published
    ), words AS (
        INSERT INTO post_words (post_id, author_id, published_at, words)
        SELECT id, :author, published_at, CAST(:words AS tsvector) FROM published
    ), tagged AS (
        INSERT INTO post_tags (post_id, tag, published_at) SELECT id, unnest(names), published_at FROM published
    ), counted AS (
        INSERT INTO tags (name, posts_count) SELECT unnest(names) AS name, 1 FROM published ORDER BY name
        ON CONFLICT (name) DO UPDATE SET posts_count = tags.posts_count + 1 RETURNING name
    ), totals AS (
        INSERT INTO author_stats (author_id, posts_count)
        SELECT :author, 1 FROM published
        WHERE (SELECT count(*) FROM counted) >= 0  -- always true: the tags are locked first
        ON CONFLICT (author_id) DO UPDATE
        SET posts_count = author_stats.posts_count + 1, version = author_stats.version + 1
        RETURNING author_id, posts_count, version
    )
    SELECT post.id, title, description, body, names AS tags, status, created_at, updated_at, published_at, post.version,
        0 AS likes_count, 0 AS comments_count, false AS liked,
        CAST(:author AS bigint) AS author_id, name AS author_name, avatar_url AS author_avatar_url,
        totals.author_id AS total_author_id, totals.posts_count AS total_posts_count, totals.version AS total_version
    FROM post LEFT JOIN authors ON authors.id = :author LEFT JOIN totals ON true
""")
# After a change of a published post's tags, or its publication: updates the rows beside it.
LIST: Final = text("""
    WITH post AS (
        SELECT id, posts.tags AS names, published_at FROM posts WHERE id = :post AND status = 'published'
    ), stats AS (
        INSERT INTO post_stats (post_id) SELECT id FROM post ON CONFLICT DO NOTHING
    ), gone AS (
        DELETE FROM post_tags USING post WHERE post_id = id AND tag <> ALL (names) RETURNING tag
    ), come AS (
        INSERT INTO post_tags (post_id, tag, published_at) SELECT id, unnest(names), published_at FROM post
        ON CONFLICT DO NOTHING RETURNING tag
    ), steps AS (
        SELECT tag AS name, -1 AS step FROM gone UNION ALL SELECT tag, 1 FROM come
    )
    INSERT INTO tags (name, posts_count) SELECT name, step FROM steps ORDER BY name
    ON CONFLICT (name) DO UPDATE SET posts_count = tags.posts_count + excluded.posts_count
""")
REMOVE: Final = text("""
    WITH gone AS (
        DELETE FROM posts WHERE id = :post AND (:expected_versions IS NULL OR version = ANY (:expected_versions))
        RETURNING id, posts.tags AS names, status
    ), counted AS (
        INSERT INTO tags (name, posts_count)
        SELECT unnest(names) AS name, -1 FROM gone WHERE status = 'published' ORDER BY name
        ON CONFLICT (name) DO UPDATE SET posts_count = tags.posts_count - 1
    )
    SELECT id FROM gone
""").bindparams(EXPECTED)
SHOWN: Final = shown(Table.author_id)
LOCK: Final = select(Table.author_id, Table.status).where(Table.id == bindparam("post"), SHOWN).with_for_update()
VIEWER: Final = bindparam("viewer", type_=BigInteger)
# Weaker than LOCK: any number of people may like at once, but nobody may delete the post meanwhile.
LOCK_FOR_SHARE: Final = (
    select(
        Table.author_id.label("id"),
        exists()
        .where(Block.blocker_id == Table.author_id, Block.blocked_id == VIEWER, Block.active)
        .label("has_blocked"),
    )
    .where(Table.id == bindparam("post"), Table.status == "published", SHOWN)
    .with_for_update(key_share=True, read=True, of=Table)
)
POST_AUTHOR: Final = RowReader(PostAuthor)
TOTALS: Final = RowReader(AuthorStats, prefix="total_")
LIKE: Final = (
    insert(Like)
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
# Each further parameter changes the column of its name.
REVISE: Final = (
    update(Table)
    .where(Table.id == bindparam("post"), version_matches(Table.version))
    .values(version=Table.version + 1, updated_at=func.now())
    .returning(Table.id)
)
PUBLISH: Final = REVISE.values(published_at=func.coalesce(Table.published_at, func.now()))


@dataclass(frozen=True, slots=True)
class PostRepository:
    """`PostStore` in PostgreSQL."""

    session: Executor

    async def get(self, post_id: int, viewer_id: int | None) -> Post | None:
        return await get_post(self.session, post_id, viewer_id)

    async def add(self, author_id: int, values: Mapping[str, Any]) -> tuple[Post, AuthorStats | None] | None:
        words = as_tsvector(values["title"], values["body"]) if values["status"] == "published" else ""
        added = await self.session.execute(ADD, {**values, "author": author_id, "words": words})
        row = added.one_or_none()
        if row is None:
            return None
        return POST.read(row), None if row.total_version is None else TOTALS.read(row)

    async def lock(self, post_id: int) -> tuple[int, str] | None:
        row = (await self.session.execute(LOCK, {"post": post_id})).one_or_none()
        return (row.author_id, row.status) if row else None

    async def revise(self, post_id: int, changes: Mapping[str, Any], expected: Versions) -> bool:
        statement = PUBLISH if changes.get("status") == "published" else REVISE
        params = {"post": post_id, **changes, **version_params(expected)}
        if (await self.session.execute(statement, params)).one_or_none() is None:
            return False
        if changes.keys() & {"tags", "status"}:
            await self.session.execute(LIST, {"post": post_id})
        if changes.keys() & {"title", "body", "status"}:
            await self._write_words(post_id)
        return True

    async def _write_words(self, post_id: int) -> None:
        """Make a post's words again. Its text was just written, so the row is locked. A draft has no words."""
        text = (await self.session.execute(OF_POST, {"post": post_id})).one_or_none()
        if text:
            await self.session.execute(WRITE, {"post": post_id, "made": as_tsvector(text.title, text.body)})

    async def remove(self, post_id: int, expected: Versions) -> bool:
        removed = await self.session.execute(REMOVE, {"post": post_id, **version_params(expected)})
        return removed.one_or_none() is not None

    async def lock_for_share(self, post_id: int, viewer_id: int) -> PostAuthor | None:
        return POST_AUTHOR.one(await self.session.execute(LOCK_FOR_SHARE, {"post": post_id, "viewer": viewer_id}))

    async def like(self, post_id: int, account_id: int) -> bool:
        return (await self.session.execute(LIKE, {"post": post_id, "account": account_id})).one_or_none() is not None

    async def unlike(self, post_id: int, account_id: int) -> bool:
        return (await self.session.execute(UNLIKE, {"post": post_id, "account": account_id})).one_or_none() is not None

    async def count(self, post_id: int, *, likes: int = 0, comments: int = 0) -> None:
        await self.session.execute(COUNT, {"post": post_id, "likes": likes, "comments": comments})
