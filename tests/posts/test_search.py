"""The search for posts (S-37)."""

import time
from contextlib import AsyncExitStack
from typing import Any

import pytest
from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient
from sqlalchemy import text

from common.db.database import Database
from common.db.reading import LONGEST_SEARCH, SearchSession, SearchTooSlow
from posts.config import Settings
from posts.main import create_app
from tests.events import Outbox
from tests.peers import Peers
from tests.posts.conftest import NewPost, SignedIn
from tests.posts.reporting import Walk
from tests.waiting import eventually

Found = list[dict[str, Any]]


async def search(client: AsyncClient, words: str, **params: str | int) -> Found:
    reply = await client.get("/posts", params={"q": words, "limit": 100, **params})
    assert reply.status_code == 200, reply.text
    items: Found = reply.json()["items"]
    return items


def titles(found: Found) -> list[str]:
    return [post["title"] for post in found]


@pytest.mark.parametrize(
    ("words", "finds"),
    [
        ("jupiter", True),
        ("JUPITER", True),
        ("jup", True),
        ("upiter", False),
        ("moons jupit", True),
        ("moo jupiter", False),  # only the last word may be the beginning of one
        ('"moons of jupiter"', True),
        ('"of moons"', False),
        ('"moons of jup"', False),  # a phrase is exact
        ("jupiter -saturn", True),
        ("jupiter -moons", False),
        ("jupiter -moo", True),  # an excluded word is no beginning either
        ("saturn or jupiter", True),
        ("saturn jupiter", False),
        ("zoe", True),
        ("Zoë", True),
        ("zo\u0065\u0308", True),  # the same letter in two characters
        ("ETE", True),
        ("well-known", True),
        ("o'brien", True),
        ("3.14", True),
    ],
)
async def test_what_words_find(client: AsyncClient, peers: Peers, write: NewPost, words: str, finds: bool) -> None:
    ada = peers.new_account()
    await write(ada, title="The moons of Jupiter", body="Zoë saw them, un été: well-known to O'Brien, like 3.14.")
    await write(ada, title="Nothing of the kind", body="Rain again.")
    assert titles(await search(client, words, author_id=ada)) == ["The moons of Jupiter"] * finds
    assert (len(await search(client, words)) > 0) == finds


@pytest.mark.parametrize(
    "words",
    ["%", "_", "\\", "'", "''", '"', '"""', "(", "):*", ":*", "&|!", "-", "--", "a:*b", "or", "<->", "\ufffd", "👩‍🚀",
     "!!!'a", "\x1c", "\u0301", "\u3000x", "a\t-b",
     "'; DROP TABLE posts; --", "') OR 1=1 --", "x" * 100, 'a -"b c"', "$1", ":asked", "\u202e"],
)  # fmt: skip
async def test_no_character_has_a_power(client: AsyncClient, peers: Peers, write: NewPost, words: str) -> None:
    """S-37: neither SQL's nor those of PostgreSQL's query language, which we do not offer."""
    await write(peers.new_account(), title="Inert")
    await search(client, words)
    assert "Inert" in titles((await client.get("/posts?limit=100")).json()["items"])


@pytest.mark.parametrize(
    "query", ["q=", "q=%20", "q=%E3%80%80", "q=%00", "q=" + "q" * 101, "sort=", "sort=likes", "sort=id;drop"]
)
async def test_a_search_that_is_none_is_refused(client: AsyncClient, query: str) -> None:
    """S-37: 1 to 100 characters; orders by name only."""
    reply = await client.get(f"/posts?{query}")
    assert (reply.status_code, reply.json()["code"]) == (422, "validation-failed")


async def test_what_is_found_has_one_order(client: AsyncClient) -> None:
    reply = await client.get("/posts?q=a&sort=top")
    assert (reply.status_code, reply.json()["code"]) == (422, "search-has-one-order")


async def test_what_is_found_comes_newest_first_in_pages_and_by_every_filter(
    client: AsyncClient, peers: Peers, signed_in: SignedIn, write: NewPost, walk: Walk
) -> None:
    ada, grace = peers.new_account("Ada"), peers.new_account("Grace")
    posts = [
        await write(author, title="Perihelion", tags=["comet"] * (number % 2))
        for number, author in enumerate((ada, grace, grace, ada, ada))
    ]
    await write(ada, title="Perihelion", status="draft")
    await write(ada, title="Aphelion", tags=["comet"])
    everything = [post["id"] for post in posts[::-1]]

    async def ids(query: str) -> list[int]:
        return [post["id"] for post in await walk(f"/posts?q=perihel&limit=2{query}", signed_in(grace))]

    assert await ids("") == everything
    assert await ids("&tag=comet") == [posts[3]["id"], posts[1]["id"]]
    assert await ids(f"&author_id={ada}") == [posts[4]["id"], posts[3]["id"], posts[0]["id"]]
    assert await ids(f"&author_id={ada}&tag=comet") == [posts[3]["id"]]
    found = await search(client, "perihelion")
    assert {post["author"]["name"] for post in found} == {"Ada", "Grace"}


async def test_a_change_and_a_deletion_change_what_is_found(
    client: AsyncClient, peers: Peers, signed_in: SignedIn, write: NewPost
) -> None:
    ada = peers.new_account()
    draft = await write(ada, title="Umbra", status="draft")
    path, headers = f"/posts/{draft['id']}", signed_in(ada)
    assert await search(client, "umbra") == []
    await client.patch(path, json={"status": "published"}, headers=headers)
    assert len(await search(client, "umbra")) == 1
    await client.patch(path, json={"title": "Penumbra"}, headers=headers)
    assert await search(client, "umbra") == []
    assert len(await search(client, "penumbra")) == 1
    await client.delete(path, headers=headers)
    assert await search(client, "penumbra") == []


async def test_what_is_rare_or_long_ago_is_found_behind_many_newer_posts(
    client: AsyncClient, peers: Peers, write: NewPost, walk: Walk, outbox: Outbox
) -> None:
    """The window of the newest posts does not limit the results."""
    ada = peers.new_account()
    await write(ada, title="Parallax one", tags=["old"])
    await outbox.rows(
        """INSERT INTO posts (author_id, title, body, tags, status, published_at)
        SELECT $1, 'Noise', 'Noise', ARRAY['old'], 'published', now() - interval '1 hour' + n * interval '0.1 seconds'
        FROM generate_series(1, 5100) AS n""",
        ada,
    )
    await outbox.rows(
        """INSERT INTO post_tags (post_id, tag, published_at)
        SELECT id, 'old', published_at FROM posts WHERE title = 'Noise'"""
    )
    await outbox.rows("UPDATE posts SET published_at = now() - interval '1 day' WHERE title = 'Parallax one'")
    for beside in ("post_tags", "post_words"):
        await outbox.rows(f"UPDATE {beside} SET published_at = p.published_at FROM posts p WHERE p.id = post_id")  # noqa: S608
    await write(ada, title="Parallax two", tags=["old"])
    for query in ("q=parallax", "q=parallax&tag=old", "q=parallax&limit=1"):
        assert titles(await walk(f"/posts?{query}")) == ["Parallax two", "Parallax one"]


async def test_the_longest_text_can_be_searched(client: AsyncClient, peers: Peers, signed_in: SignedIn) -> None:
    """A tsvector is limited to 1 MiB; no body may exceed it, and none is refused because of it."""
    headers = signed_in(peers.new_account())
    letters = [chr(0xAC00 + number) for number in range(11_000)]  # each becomes three when decomposed
    for body in (
        " ".join(f"{one}{other}-{other}{one}" for one, other in zip(letters[:8000], letters[3000:], strict=True)),
        "".join(f"{letters[number]}-{letters[-number]} " for number in range(12_500)[: 11_000 - 1]),
        "\U0001d160" * 50_000,
        "x" * 50_000,
        " ".join(f"a{number:x}" for number in range(8_000)),
    ):
        reply = await client.post("/posts", json={"title": "Long", "body": body[:50_000]}, headers=headers)
        assert reply.status_code == 201, reply.text
    assert "Long" in titles(await search(client, "a1f3"))


async def test_a_search_may_take_two_seconds_and_is_ended_in_the_database_too(
    app: FastAPI, monkeypatch: pytest.MonkeyPatch
) -> None:
    """S-37"""
    assert LONGEST_SEARCH == 2
    monkeypatch.setattr("common.db.reading.LONGEST_SEARCH", LONGEST_SEARCH)
    database: Database = app.state.database
    searches: SearchSession = app.state.post_queries.searches.session
    started = time.monotonic()
    with pytest.raises(SearchTooSlow):
        await searches.execute(text("SELECT pg_sleep(60) AS marked"))
    assert 2 <= time.monotonic() - started < 60
    going_on = text("SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query LIKE '%AS marked'")

    async def has_ended() -> bool:
        async with database.transaction() as session:
            return not (await session.execute(going_on)).scalar_one()

    await eventually(has_ended)


async def test_searches_that_are_slow_hold_up_other_searches_only(
    settings: Settings, peers: Peers, signed_in: SignedIn
) -> None:
    """The maximum of searches runs without end: another one is refused in time, and other requests are not affected."""
    app = create_app(Settings.model_validate({**settings.model_dump(), "pool_timeout": 1}), peers)
    headers = signed_in(peers.new_account())
    async with (
        app.router.lifespan_context(app),
        AsyncClient(transport=ASGITransport(app), base_url="http://posts.test") as client,
        AsyncExitStack() as held,
    ):
        await app.state.revoked.read()
        searches: SearchSession = app.state.post_queries.searches.session
        while not searches.slots.locked():
            await held.enter_async_context(searches.slots)
        started = time.monotonic()
        refused = await client.get("/posts", params={"q": "parallax"})
        assert (refused.status_code, refused.json()["code"]) == (503, "database-unavailable")
        assert time.monotonic() - started >= searches.patience == 1
        assert (await client.get("/posts")).status_code == 200
        assert (await client.post("/posts", json={"title": "t", "body": "b"}, headers=headers)).status_code == 201
        await held.aclose()
        assert (await client.get("/posts", params={"q": "parallax"})).status_code == 200
