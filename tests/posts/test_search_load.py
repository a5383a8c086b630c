"""Limits on the cost of any search (S-37)."""

import json
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from typing import Any

import asyncpg
import pytest
from fastapi import FastAPI
from httpx import AsyncClient
from sqlalchemy.dialects import postgresql

from common.db.reading import SearchSession
from posts.repositories import lists, search
from posts.services.records import PostFilter
from tests.peers import Peers
from tests.posts.conftest import SignedIn

LONG = """
UPDATE post_words SET words = CAST((
    SELECT string_agg(md5(post_id || '.' || n), ' ') FROM generate_series(1, 600) AS n) AS tsvector)
WHERE post_id IN (SELECT post_id FROM post_words ORDER BY published_at DESC LIMIT 100)
"""
CHOICES = pytest.mark.parametrize(
    "choice",
    [PostFilter(), PostFilter(author_id=1), PostFilter(tag="many"), PostFilter(1, "many")],
    ids=["all", "author", "tag", "both"],
)
CALLER = "127.0.0.1"
FILL = """
INSERT INTO posts (author_id, title, body, tags, status, published_at)
SELECT 1, 'Common', repeat('Text ', 50), ARRAY['many'], 'published', now() - n * interval '1 second'
FROM generate_series(1, 6000) AS n;
INSERT INTO post_tags (post_id, tag, published_at) SELECT id, 'many', published_at FROM posts ON CONFLICT DO NOTHING;
INSERT INTO tags (name, posts_count) VALUES ('many', 6000);
INSERT INTO post_stats (post_id, likes_count) SELECT id, 0 FROM posts ON CONFLICT DO NOTHING;
"""


@pytest.fixture(scope="module")
async def one_author(app: FastAPI, settings: Any, server: Any) -> AsyncIterator[asyncpg.Connection]:
    """Many posts of a single author, as in a blog."""
    database = str(settings.database_url).rpartition("/")[2]
    connection = await asyncpg.connect(f"{server.dsn.rpartition('/')[0]}/{database}")
    await connection.execute(FILL)
    await app.state.backfill.fill_missing()
    await connection.execute("VACUUM ANALYZE")
    yield connection
    await connection.close()


def plan_of(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield node
    for below in node.get("Plans", ()):
        yield from plan_of(below)


async def plan(connection: asyncpg.Connection, statement: Any, **values: Any) -> list[dict[str, Any]]:
    dialect = postgresql.asyncpg.dialect()  # type: ignore[no-untyped-call]
    filled = statement.params(viewer=None, limit=21, **values)
    compiled = filled.compile(dialect=dialect, compile_kwargs={"literal_binds": True})
    found = await connection.fetchval(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {compiled}")
    return list(plan_of(json.loads(found)[0]["Plan"]))


@pytest.mark.parametrize("words", ["-hello", "-a -b", "rare or -hello", '-"a b"', "-a or rare", "rare or -c or d"])
async def test_a_search_for_what_is_not_there_only_is_refused(client: AsyncClient, words: str) -> None:
    """It would read the whole index, for nearly all posts."""
    reply = await client.get("/posts", params={"q": words})
    assert (reply.status_code, reply.json()["code"]) == (422, "search-needs-a-word")


@pytest.mark.parametrize("words", ["\ufdfa" * 100, '"' + "\ufdfa" * 98 + '"', "-\ufdfa " * 33 + "a"])
async def test_a_search_for_more_words_than_it_has_characters_is_refused(client: AsyncClient, words: str) -> None:
    """One character can be four words, once folded."""
    reply = await client.get("/posts", params={"q": words})
    assert (reply.status_code, reply.json()["code"]) == (422, "search-has-too-many-words")


@pytest.mark.parametrize("words", ["\u6f22" * 100, "\U0001f600" * 100, "a " * 49 + "a", "\ufdfa" * 25])
async def test_a_search_has_as_many_words_as_characters(client: AsyncClient, words: str) -> None:
    reply = await client.get("/posts", params={"q": words})
    assert (reply.status_code, reply.json()["items"]) == (200, [])


async def test_a_caller_has_one_search_at_a_time_and_others_do_not_wait(
    app: FastAPI, client: AsyncClient, peers: Peers, signed_in: SignedIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app.state.search_limits, "patience", 0.01)
    async with app.state.search_limits.slot(CALLER):
        for path in ("/posts?q=a", "/posts?sort=top&tag=a"):
            refused = await client.get(path)
            assert (refused.status_code, refused.json()["code"]) == (429, "search-under-way")
            assert refused.headers["Retry-After"] == "1"
        assert (await client.get("/posts?q=a", headers=signed_in(peers.new_account()))).status_code == 200
        assert (await client.get("/posts")).status_code == 200
    assert (await client.get("/posts?q=a")).status_code == 200


async def test_where_there_is_one_author_no_list_is_a_full_scan(one_author: asyncpg.Connection) -> None:
    """PostgreSQL must not believe that hiding an author hides everything."""
    nodes = await plan(one_author, lists.ALL[0])
    nodes += await plan(one_author, search.SEARCH[True, True][0], query="'common'")
    nodes += await plan(one_author, search.SEARCH[True, True][0], query="'nowhere'")
    scanned = {node.get("Relation Name") for node in nodes if node["Node Type"] == "Seq Scan"}
    assert scanned <= {"erased", "authors"}


@CHOICES
async def test_of_the_newest_posts_words_are_looked_through_in_bounds(
    one_author: asyncpg.Connection, choice: PostFilter
) -> None:
    """For any length: with 5,000 of the longest, a search without results would read all their words."""
    change = one_author.transaction()
    await change.start()
    try:
        await one_author.execute(LONG)
        read = {}
        for most_long, most_bytes in ((3, 100_000), (search.WINDOW_LONG, search.WINDOW_BYTES)):
            statement = search.search(choice, later=False, most_long=most_long, most_bytes=most_bytes)
            whole, *_ = await plan(one_author, statement, query="'nowhere'", **lists.filter_params(choice))
            read[most_long] = whole["Shared Hit Blocks"] + whole["Shared Read Blocks"]
        assert read[3] < read[search.WINDOW_LONG] - 100, read
    finally:
        await change.rollback()


@CHOICES
async def test_what_is_behind_the_bytes_is_found_too(
    one_author: asyncpg.Connection, choice: PostFilter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As what is behind the number of posts, and even if there are not as many posts."""
    monkeypatch.setattr(search, "WINDOW", 50_000)
    change = one_author.transaction()
    await change.start()
    try:
        await one_author.execute(LONG)
        statement = search.search(choice, later=False, most_long=0, most_bytes=0)
        nodes = await plan(one_author, statement, query="'common'", **lists.filter_params(choice))
        assert nodes[0]["Actual Rows"] == 20
    finally:
        await change.rollback()


async def test_the_top_of_a_common_tag_that_nobody_likes_is_complete(
    one_author: asyncpg.Connection, client: AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The scan of the most liked posts stops; the tag's posts are sorted instead."""
    liked = "UPDATE post_stats SET likes_count = {} WHERE post_id IN (SELECT min(id) + {} FROM posts) RETURNING post_id"
    first, second = [await one_author.fetchval(liked.format(likes, likes)) for likes in (9, 5)]
    newest = [row["id"] for row in await one_author.fetch("SELECT id FROM posts ORDER BY id DESC LIMIT 8")]
    monkeypatch.setattr(lists, "WALK", 3)
    monkeypatch.setattr(
        lists, "TOP_OF_COMMON_TAG", (lists.top_of_common_tag(), lists.top_of_common_tag(lists.LATER_RANKED))
    )
    monkeypatch.setattr(lists, "FEW", 100)
    found: list[int] = []
    url = "/posts?sort=top&tag=many&limit=2"
    while len(found) < 10:
        reply = await client.get(url)
        found += [post["id"] for post in reply.json()["items"]]
        url = reply.links["next"]["url"]
    assert found == [first, second, *newest]


async def test_lists_that_may_be_slow_run_as_searches_do(
    app: FastAPI, client: AsyncClient, one_author: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So that others can read too, and for at most two seconds."""
    searches: SearchSession = app.state.post_queries.searches.session
    monkeypatch.setattr(lists, "FEW", 100)
    async with AsyncExitStack() as held:
        while not searches.slots.locked():
            await held.enter_async_context(searches.slots)
        monkeypatch.setattr(SearchSession, "patience", 0.01, raising=False)
        for path in ("/posts?sort=top&tag=many", "/posts?sort=top&author_id=1"):
            assert (await client.get(path)).status_code == 503, path
        for path in ("/posts?sort=top", "/posts?tag=many"):
            assert (await client.get(path)).status_code == 200, path
