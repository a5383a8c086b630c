"""Erasure of an account's data in posts, in small steps (`common.events.erasure`).

Its posts are deleted with everything that belongs to them. Its comments under others' posts stay, without an author,
and so does what it removed as a moderator, without a moderator. Rows are locked in the order of `repositories.posts`:
posts by id, their likes or comments, counters by id, tags by name. Each statement runs alone, so that it sees the
commits of those that it waited for.
"""

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import TextClause, text

from common.db.database import Executor
from common.events.erasure import Step
from common.events.read_models import ReadModelTable
from common.http.idempotency import erase_keys
from posts.models import Erased
from posts.repositories.tags import FORGET_UNUSED

MANY: Final = 500
SOME: Final = 50
"""Posts per step: each is large."""
LOCK_FOR_SHARE: Final = text("SELECT id FROM posts WHERE id = ANY (:posts) ORDER BY id FOR KEY SHARE")

LIKED: Final = text("SELECT post_id FROM likes WHERE account_id = :account ORDER BY post_id LIMIT :most")
UNLIKE: Final = text("DELETE FROM likes WHERE account_id = :account AND post_id = ANY (:posts) RETURNING post_id")
UNCOUNT: Final = text("""
    UPDATE post_stats SET likes_count = likes_count - 1
    FROM (SELECT post_id FROM post_stats WHERE post_id = ANY (:posts) ORDER BY post_id FOR UPDATE) AS locked
    WHERE post_stats.post_id = locked.post_id
""")
SAID: Final = text("SELECT id, post_id FROM comments WHERE author_id = :account ORDER BY id LIMIT :most")
ANONYMISE: Final = text("UPDATE comments SET author_id = NULL WHERE author_id = :account AND id = ANY (:comments)")

# In portions, since a post may have any number. Post by post, in the order of an index, so that only these rows are
# read. A bitmap scan would read all rows of a post, again for each portion.
NO_BITMAPS: Final = text("SET LOCAL enable_bitmapscan = off")
OF_POSTS: Final = """
    DELETE FROM {table} WHERE ctid = ANY (ARRAY(
        SELECT found.ctid FROM unnest(CAST(:posts AS bigint[])) AS post, LATERAL (
            SELECT ctid FROM {table} WHERE post_id = post ORDER BY {order} LIMIT :most) AS found
        LIMIT :most))
    RETURNING post_id
"""
LIKES_OF_POSTS: Final = text(OF_POSTS.format(table="likes", order="account_id"))
COMMENTS_OF_POSTS: Final = text(OF_POSTS.format(table="comments", order="id"))
# one for each of the two indexes
WRITTEN: Final = text("""
    SELECT id FROM posts WHERE id = ANY (
        ARRAY(SELECT id FROM posts WHERE author_id = :account AND status = 'published' LIMIT :most)
        || ARRAY(SELECT id FROM posts WHERE author_id = :account AND status = 'draft' LIMIT :most))
    ORDER BY id FOR UPDATE
""")
REMOVE: Final = text("""
    WITH gone AS (
        DELETE FROM posts WHERE id = ANY (:posts) RETURNING posts.tags AS names, status
    ), uses AS (
        SELECT name, count(*) AS uses FROM gone, unnest(names) AS name WHERE status = 'published' GROUP BY name
    )
    INSERT INTO tags (name, posts_count) SELECT name, -uses FROM uses ORDER BY name
    ON CONFLICT (name) DO UPDATE SET posts_count = tags.posts_count + excluded.posts_count
""")
AS_TEXT: Final = "CAST(CAST(:account AS bigint) AS text)"
REST: Final = [
    text("DELETE FROM authors WHERE id = :account RETURNING id"),
    text("DELETE FROM author_stats WHERE author_id = :account RETURNING author_id"),
    text(f"DELETE FROM outbox WHERE type = 'author' AND subject = 'author:' || {AS_TEXT} RETURNING type"),  # noqa: S608
]


def edges(table: str, mine: str, others: str) -> TextClause:
    """Deletes some of an account's edges from a read model, in the order in which events store them."""
    return text(f"""
        DELETE FROM {table} WHERE ({mine}, {others}) IN (
            SELECT {mine}, {others} FROM {table} WHERE {mine} = :account ORDER BY {others} LIMIT :most FOR UPDATE)
        RETURNING {mine}
    """)  # noqa: S608  # names of ours


def some_of(table: str, column: str, change: str) -> TextClause:
    """Changes some rows of an account, found by a column."""
    return text(f"""
        {change} WHERE id = ANY (ARRAY(
            SELECT id FROM {table} WHERE {column} = :account ORDER BY id LIMIT :most FOR UPDATE))
        RETURNING id
    """)  # noqa: S608  # names of ours


def left_of_the_erased(table: str, column: str, change: str) -> TextClause:
    """As `some_of`, for all accounts whose erasure has ended."""
    return text(f"""
        {change} WHERE id = ANY (ARRAY(
            SELECT id FROM {table} JOIN erased ON account_id = {column} WHERE finished_at IS NOT NULL
            LIMIT :most FOR UPDATE OF {table} SKIP LOCKED))
        RETURNING id
    """)  # noqa: S608  # names of ours


REPORTED: Final = ("reports", "reporter_id", "DELETE FROM reports")
REMOVED: Final = ("removals", "author_id", "DELETE FROM removals")
REMOVED_BY: Final = ("removals", "moderator_id", "UPDATE removals SET moderator_id = NULL")
MODERATION: Final = [some_of(*of) for of in (REPORTED, REMOVED, REMOVED_BY)]
EDGES: Final = [
    edges("follows", "follower_id", "followee_id"),
    edges("follows", "followee_id", "follower_id"),
    edges("blocks", "blocker_id", "blocked_id"),
    edges("blocks", "blocked_id", "blocker_id"),
]


async def erase_likes(session: Executor, account_id: int) -> bool:
    some = {"account": account_id, "most": MANY}
    liked = await lock_existing(session, [row.post_id for row in await session.execute(LIKED, some)])
    gone = (await session.execute(UNLIKE, {"account": account_id, "posts": liked})).scalars().all()
    await session.execute(UNCOUNT, {"posts": gone})
    return bool(gone)


async def anonymise_comments(session: Executor, account_id: int) -> bool:
    rows = (await session.execute(SAID, {"account": account_id, "most": MANY})).all()
    under = await lock_existing(session, [row.post_id for row in rows])
    said = [row.id for row in rows if row.post_id in under]
    await session.execute(ANONYMISE, {"account": account_id, "comments": said})
    return bool(said)


async def lock_existing(session: Executor, posts: Sequence[int]) -> Sequence[int]:
    """The posts that still exist, locked until this transaction ends."""
    return (await session.execute(LOCK_FOR_SHARE, {"posts": list(posts)})).scalars().all()


async def erase_posts(session: Executor, account_id: int) -> bool:
    """Delete the next few posts, and first the rows that belong to them, in as many steps as needed.

    The posts are locked, so nothing is added meanwhile, and hidden, so nothing is removed.
    """
    written = (await session.execute(WRITTEN, {"account": account_id, "most": SOME})).scalars().all()
    await session.execute(NO_BITMAPS)
    for statement in (LIKES_OF_POSTS, COMMENTS_OF_POSTS):
        if (await session.execute(statement, {"posts": written, "most": MANY})).all():
            return True
    await session.execute(REMOVE, {"posts": written})
    return bool(written)


def each(*statements: TextClause) -> Step:
    """Runs statements that return the rows they deleted, each until it finds no more."""

    async def step(session: Executor, account_id: int) -> bool:
        params: dict[str, Any] = {"account": account_id, "most": MANY}
        for statement in statements:
            if (await session.execute(statement, params)).all():
                return True
        return False

    return step


KNOWN_ERASED: Final = ReadModelTable((Erased.account_id,), Erased.version, owned_here=True)
STEPS: Final[Sequence[Step]] = [
    erase_likes,
    anonymise_comments,
    erase_posts,
    each(*MODERATION, *EDGES, *REST, FORGET_UNUSED),
    erase_keys,
]
