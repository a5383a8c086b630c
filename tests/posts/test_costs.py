"""The cost of lists: statements and calls per request, and rows read per page."""

import json
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from typing import Any

import asyncpg
import pytest
from fastapi import FastAPI
from httpx import AsyncClient, Response

from tests.events import Outbox
from tests.peers import Peers, event
from tests.posts.conftest import NewPost, SignedIn
from tests.queries import Query, listening

FOLLOWEES = 100
EACH = 60


@dataclass
class Statements:
    """The app's statements for a request, without those of its background tasks."""

    app: FastAPI
    client: AsyncClient
    said: list[Query] = field(default_factory=list)

    async def get(self, path: str, headers: dict[str, str]) -> Response:
        with listening(self.app) as queries:
            reply = await self.client.get(path, headers=headers)
            self.said = await queries()
        assert reply.status_code == 200, reply.text
        return reply


@pytest.fixture
def statements(app: FastAPI, client: AsyncClient) -> Statements:
    return Statements(app, client)


@pytest.fixture
async def superuser(outbox: Outbox) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(outbox.dsn)
    yield connection
    await connection.close()


async def test_a_list_of_twenty_takes_two_statements_at_most_and_no_call(
    client: AsyncClient, peers: Peers, signed_in: SignedIn, write: NewPost, statements: Statements
) -> None:
    """With the read models warm: however many authors, tags, likes."""
    reader, authors = peers.new_account(), [peers.new_account() for _ in range(21)]
    follows = [event("follow", {"active": True}, reader, author) for author in authors]
    headers = peers.issuer.service("users", "posts")
    assert (await client.post("/internal/events", json={"events": follows}, headers=headers)).status_code == 204
    posts = [await write(author, title="Cheap", tags=["cheap"]) for author in authors]
    under = f"/posts/{posts[0]['id']}"
    for author in authors:
        await client.post(f"{under}/comments", json={"body": "b"}, headers=signed_in(author))
        await client.put(f"{under}/like", headers=signed_in(author))
        await write(reader, status="draft")
    for path, most in {
        "/posts": 1,
        "/posts?tag=cheap": 1,
        f"/posts?author_id={authors[0]}": 1,
        "/posts?sort=top&tag=cheap": 2,
        "/posts?q=cheap": 1,
        "/posts/feed": 1,
        "/posts/drafts": 1,
        "/posts/tags": 1,
        f"{under}/comments": 2,
        under: 1,
    }.items():
        peers.asked.clear()
        reply = await statements.get(path, signed_in(reader))
        asked = [one for one in peers.asked if one.startswith("/internal")]
        assert (len(statements.said), asked) == (most, []), path
        if "items" in reply.json() and "author_id" not in path and path != "/posts/tags":
            assert len(reply.json()["items"]) == 20, path


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for below in plan.get("Plans", ()):
        yield from nodes(below)


@dataclass
class World:
    """Enough posts that PostgreSQL should use its indexes, and a reader who follows their authors."""

    superuser: asyncpg.Connection
    statements: Statements
    headers: dict[str, str]

    async def read(self, path: str, statement: int = -1) -> dict[str, int]:
        """Rows that a statement reads for a page, by index, or from tables by a scan, including filtered ones."""
        reply = await self.statements.get(path, self.headers)
        assert len(reply.json()["items"]) == 20
        sql, arguments = self.statements.said[statement]
        async with self.superuser.transaction():  # a full scan of 6,000 rows is fast; of a million it is not
            await self.superuser.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off")
            found = await self.superuser.fetchval(f"EXPLAIN (ANALYZE, FORMAT JSON) {sql}", *arguments)
        rows: dict[str, int] = {}
        for node in nodes(json.loads(found)[0]["Plan"]):
            place = node.get("Index Name") or (
                "whole " * (node["Node Type"] == "Seq Scan") + node.get("Relation Name", "")
            )
            if place and node["Node Type"] != "Bitmap Heap Scan":
                each = node["Actual Rows"] + node.get("Rows Removed by Filter", 0)
                rows[place] = rows.get(place, 0) + round(each * node["Actual Loops"])
        return rows


@pytest.fixture
async def world(app: FastAPI, superuser: asyncpg.Connection, statements: Statements, signed_in: SignedIn) -> World:
    reader = 700_000
    if await superuser.fetchval("SELECT count(*) FROM follows WHERE follower_id = $1", reader) == 0:
        await superuser.execute(
            f"""
            INSERT INTO posts (author_id, title, body, tags, status, published_at)
            SELECT {reader} + n % {FOLLOWEES}, CASE WHEN n = 7 THEN 'Rare' ELSE 'Common' END, 'Text', ARRAY['world'],
                'published', now() + n * interval '1 microsecond'
            FROM generate_series(1, {FOLLOWEES * EACH}) AS n;
            INSERT INTO post_stats (post_id, likes_count) SELECT id, id % 100 FROM posts ON CONFLICT DO NOTHING;
            INSERT INTO post_tags SELECT id, unnest(tags), published_at FROM posts ON CONFLICT DO NOTHING;
            INSERT INTO authors (id, name, version) SELECT {reader} + n, 'Author', 1 FROM generate_series(0, 999) AS n;
            INSERT INTO follows SELECT {reader}, {reader} + n, true, 1 FROM generate_series(1, {2 * FOLLOWEES}) AS n;
            """  # noqa: S608  # our own numbers
        )
        await app.state.backfill.fill_missing()
        await superuser.execute("VACUUM ANALYZE")
    return World(superuser, statements, signed_in(reader))


async def test_a_feed_reads_one_index_row_per_followee_and_the_page(world: World) -> None:
    """Half of the 200 followees are silent, the others busy."""
    rows = await world.read("/posts/feed")
    assert rows["ix_posts_by_author"] <= FOLLOWEES * 1 + 21 * 21
    assert rows["pk_posts"] == 21
    assert not [name for name in rows if name.startswith("whole posts")]
    assert sum(rows.values()) <= 2 * FOLLOWEES + FOLLOWEES + 21 * 21 + 5 * 21


@pytest.mark.parametrize(
    ("path", "index"),
    [
        ("/posts?", "ix_posts_newest"),
        ("/posts?tag=world", "ix_post_tags_newest"),
        ("/posts?author_id=700007", "ix_posts_by_author"),
        ("/posts?sort=top", "ix_post_stats_top"),
        ("/posts?q=common", "ix_post_words_newest"),
    ],
)
async def test_a_page_reads_its_own_rows_only_wherever_it_is(world: World, path: str, index: str) -> None:
    cursor, is_search = "", "q=" in path
    for _ in range(2):
        rows = await world.read(f"{path}{cursor}")
        assert rows[index] in {21, 21 + is_search}  # the sum of the sizes of words looks one ahead
        assert max(rows.values()) <= 21 + is_search, rows
        page = await world.statements.get(f"{path}&limit=20{cursor}", world.headers)
        cursor = f"&cursor={page.json()['next_cursor']}"


@pytest.mark.parametrize("offset", [0, 10])
async def test_a_numbered_feed_reads_the_authors_of_its_page_only(world: World, offset: int) -> None:
    rows = await world.read(f"/posts/numbered?feed=true&offset={offset}", statement=0)
    assert rows["ix_posts_by_author"] <= FOLLOWEES + (offset + 20) ** 2


async def test_all_posts_are_counted_in_an_index(world: World) -> None:
    rows = await world.read("/posts/numbered?offset=20")
    assert "count" in world.statements.said[-1][0]
    assert rows.pop("ix_posts_newest") > 100
    assert max(rows.values()) <= 20, rows


async def test_a_rare_word_is_found_by_the_index(world: World) -> None:
    reply = await world.statements.get("/posts?q=rare", world.headers)
    assert [post["title"] for post in reply.json()["items"]] == ["Rare"]
    sql, arguments = world.statements.said[-1]
    found = await world.superuser.fetchval(f"EXPLAIN (ANALYZE, FORMAT JSON) {sql}", *arguments)
    used = {node.get("Index Name"): node["Actual Rows"] for node in nodes(json.loads(found)[0]["Plan"])}
    assert used["ix_post_words_words"] == 1
