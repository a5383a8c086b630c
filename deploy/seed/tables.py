"""Writes a world by COPY, completely or not at all. The only module of the seed that knows the services' tables.

Read models are written with the same versions as their owners' rows, so that the outboxes stay empty and `reconcile`
finds no difference. Extend this after a migration of these tables; tests/system/test_seed.py checks it by `reconcile`
and through the API.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import asyncpg

from deploy.seed.world import Post, World
from posts.repositories.words import as_tsvector
from users.repositories.names import as_stored

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"  # generic in its stubs only
Rows = Iterable[tuple[Any, ...]]
STEP = 2_000
KINDS = {
    "people": "auth.accounts",
    "follows": "users.follows",
    "blocks": "users.blocks",
    "posts": "posts.posts",  # only with posts
    "comments": "posts.comments",  # only with posts
    "likes": "posts.likes",  # only with posts
}
"""The tables whose rows are counted."""


class AlreadySeeded(Exception):
    """The world, or some of its people, exist already."""


@dataclass
class Databases:
    """The services' databases, each with its owner's connection in a transaction."""

    connections: Mapping[str, Connection]
    progress: Callable[[int], None]
    """Called with the rows as they are written."""
    counted: Counter[str] = field(default_factory=Counter)

    async def copy(self, database: str, table: str, columns: str, rows: Rows) -> None:
        """Write rows into a table; `columns` are separated by spaces."""
        records = self._seen(f"{database}.{table}", rows)
        await self.connections[database].copy_records_to_table(table, columns=columns.split(), records=records)

    def _seen(self, table: str, rows: Rows) -> Iterator[tuple[Any, ...]]:
        for row in rows:
            yield row
            self.counted[table] += 1
            if self.counted[table] % STEP == 0:
                self.progress(STEP)
        self.progress(self.counted[table] % STEP)


async def fill(databases: Databases, world: World, password_hash: str) -> None:
    """Write the whole world.

    Raises:
        AlreadySeeded: it exists already, or somebody has one of its ids or addresses. Nothing is written.
    """
    first = world.people[0]
    if await databases.connections["auth"].fetchval(
        "SELECT 1 FROM accounts WHERE id = $1 OR email = $2", first.id, first.email
    ):
        raise AlreadySeeded("This world is in the stack already.")
    async with AsyncExitStack() as all_or_nothing:
        for connection in databases.connections.values():
            await all_or_nothing.enter_async_context(connection.transaction())
        try:
            await fill_people(databases, world, password_hash)
        except asyncpg.UniqueViolationError as error:
            raise AlreadySeeded("Somebody in the stack has an id or an address of this world.") from error
        await fill_graph(databases, world)
        await fill_posts(databases, world)  # only with posts


async def fill_people(databases: Databases, world: World, password_hash: str) -> None:
    await databases.copy(
        "auth",
        "accounts",
        "id email password_hash name email_verified_at created_at",
        ((one.id, one.email, password_hash, one.name, one.since, one.since) for one in world.people),
    )
    await databases.copy(
        "users",
        "profiles",
        "id email name folded bio account_version created_at updated_at",
        ((one.id, one.email, one.name, as_stored(one.name), one.bio, 1, one.since, one.since) for one in world.people),
    )
    authors = ((one.id, one.name, 1) for one in world.people)  # only with posts
    await databases.copy("posts", "authors", "id name version", authors)  # only with posts


async def fill_graph(databases: Databases, world: World) -> None:
    people, follows = world.people, world.follows()
    blocks = world.blocks(follows)
    for table, columns, edges in (
        ("follows", "follower_id followee_id", follows),
        ("blocks", "blocker_id blocked_id", blocks),
    ):
        await databases.copy(
            "users",
            table,
            f"{columns} active since",
            ((people[a].id, people[b].id, True, world.later(people[a], people[b])) for a, b in edges),
        )
        # begin: only with posts
        await databases.copy(
            "posts", table, f"{columns} active version", ((people[a].id, people[b].id, True, 1) for a, b in edges)
        )
        # end: only with posts
    await databases.connections["users"].execute(COUNT_FOLLOWS, people[0].id, people[-1].id)


COUNT_FOLLOWS = """
    UPDATE profiles SET
        followers_count = (SELECT count(*) FROM follows WHERE followee_id = profiles.id AND active),
        following_count = (SELECT count(*) FROM follows WHERE follower_id = profiles.id AND active)
    WHERE id BETWEEN $1 AND $2
"""


# begin: only with posts
async def fill_posts(databases: Databases, world: World) -> None:
    people, connection = world.people, databases.connections["posts"]
    first = await reserve(connection, "posts", world.size)
    tagged: list[tuple[int, str, Any]] = []

    def rows() -> Iterator[tuple[Any, ...]]:
        for post in world.posts():
            if post.published_at:
                tagged.extend((first + post.id, tag, post.published_at) for tag in post.tags)
            yield post_row(first, post)

    columns = "id author_id title body tags status created_at updated_at published_at"
    await databases.copy("posts", "posts", columns, rows())
    await fill_words(connection, first)
    await databases.copy("posts", "post_tags", "post_id tag published_at", tagged)
    uses = Counter(tag for _, tag, _ in tagged)
    await connection.executemany(COUNT_TAG, sorted(uses.items()))
    await databases.copy(
        "posts",
        "likes",
        "post_id account_id created_at",
        ((first + like.post_id, like.person.id, like.created_at) for like in world.likes()),
    )
    comment_columns = "post_id author_id body created_at updated_at"
    await databases.copy(
        "posts",
        "comments",
        comment_columns,
        ((first + one.post_id, one.author.id, one.body, one.created_at, one.created_at) for one in world.comments()),
    )
    stats = zip(world.published, world.likes_of, world.comments_of, strict=True)
    await databases.copy(
        "posts",
        "post_stats",
        "post_id likes_count comments_count",
        ((first + place, likes, said) for place, (at, likes, said) in enumerate(stats, start=1) if at >= 0),
    )
    authors = [(person.id, count, 1) for person, count in zip(people, world.posts_of, strict=True) if count]
    await databases.copy("posts", "author_stats", "author_id posts_count version", authors)
    await databases.copy("users", "authored", "id posts_count version", authors)


async def fill_words(connection: Connection, last: int) -> None:
    """Fill in the search words of posts after an id, which a trigger has marked as missing."""
    while rows := await connection.fetch(WORDLESS, last, STEP):
        last = rows[-1]["id"]
        made = [as_tsvector(row["title"], row["body"]) for row in rows]
        await connection.execute(STORE_WORDS, [row["id"] for row in rows], made)


WORDLESS = """
    SELECT id, title, body FROM post_words JOIN posts ON id = post_id
    WHERE post_words.words IS NULL AND post_id > $1 ORDER BY post_id LIMIT $2
"""
STORE_WORDS = """
    UPDATE post_words SET words = made::tsvector FROM unnest($1::bigint[], $2::text[]) AS new (id, made)
    WHERE post_id = new.id
"""
COUNT_TAG = """
    INSERT INTO tags (name, posts_count) VALUES ($1, $2)
    ON CONFLICT (name) DO UPDATE SET posts_count = tags.posts_count + excluded.posts_count
"""


def post_row(first: int, post: Post) -> tuple[Any, ...]:
    status = "published" if post.published_at else "draft"
    text = (post.title, post.body, post.tags, status)
    return (first + post.id, post.author.id, *text, post.created_at, post.created_at, post.published_at)


async def reserve(connection: Connection, table: str, count: int) -> int:
    """Reserve ids of a table; they begin after the returned number."""
    sequence = await connection.fetchval("SELECT pg_get_serial_sequence($1, 'id')", table)
    first = await connection.fetchval("SELECT nextval($1::text::regclass)", sequence)
    await connection.execute("SELECT setval($1::text::regclass, $2)", sequence, first + count)
    return int(first)


# end: only with posts
