"""Numbered pages: posts from some place on, and the number of all."""

from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient

from posts.config import Settings
from posts.main import create_app
from tests.events import Outbox
from tests.peers import Peers, Told, event, gone, page
from tests.posts.conftest import NewPost, SignedIn

Numbered = Callable[..., Awaitable[tuple[list[str], int]]]


@pytest.fixture
def numbered(client: AsyncClient) -> Numbered:
    """The titles of a page, and the total."""

    async def numbered(query: str = "", headers: dict[str, str] | None = None) -> tuple[list[str], int]:
        reply = await client.get(f"/posts/numbered?{query}", headers=headers)
        assert reply.status_code == 200, reply.text
        found: dict[str, Any] = reply.json()
        assert all("body" not in item for item in found["items"])
        return [item["title"] for item in found["items"]], found["total"]

    return numbered


async def like(client: AsyncClient, post: dict[str, Any], headers: dict[str, str]) -> None:
    assert (await client.put(f"/posts/{post['id']}/like", headers=headers)).status_code == 204


async def test_pages_are_cut_by_offset_and_know_the_total(peers: Peers, write: NewPost, numbered: Numbered) -> None:
    ada = peers.new_account()
    for number in range(5):
        await write(ada, title=f"n{number}", tags=["numbered"])
    await write(ada, title="draft", tags=["numbered"], status="draft")
    for wanted in (f"author_id={ada}", "tag=numbered", f"author_id={ada}&tag=numbered"):
        assert await numbered(f"{wanted}&limit=2") == (["n4", "n3"], 5)
        assert await numbered(f"{wanted}&limit=2&offset=2") == (["n2", "n1"], 5)
        assert await numbered(f"{wanted}&limit=2&offset=4") == (["n0"], 5)
        assert await numbered(f"{wanted}&limit=2&offset=9") == ([], 5)
        assert await numbered(wanted) == (["n4", "n3", "n2", "n1", "n0"], 5)
    everything, total = await numbered("limit=2&offset=1")
    assert everything == ["n3", "n2"]
    assert total >= 5
    assert await numbered("tag=unheard-of") == ([], 0)
    assert await numbered("author_id=123456789") == ([], 0)


async def test_ones_own_likes_are_a_list_and_other_peoples_are_theirs(
    client: AsyncClient, peers: Peers, signed_in: SignedIn, write: NewPost, numbered: Numbered
) -> None:
    ada, bob = peers.new_account(), peers.new_account()
    first, _, third = [await write(ada, title=f"l{number}", tags=["liked"]) for number in range(3)]
    for post in (third, first):
        await like(client, post, signed_in(bob))
    assert await numbered(f"liked_by={bob}", signed_in(bob)) == (["l2", "l0"], 2)
    assert await numbered(f"liked_by={bob}&limit=1&offset=1", signed_in(bob)) == (["l0"], 2)
    assert await numbered(f"liked_by={bob}&author_id={ada}&tag=liked&limit=1", signed_in(bob)) == (["l2"], 2)
    assert await numbered(f"liked_by={bob}&author_id={bob}", signed_in(bob)) == ([], 0)
    for stranger in ({}, signed_in(ada)):
        reply = await client.get(f"/posts/numbered?liked_by={bob}", headers=stranger)
        assert (reply.status_code, reply.json()["code"]) == (403, "likes-are-private")


async def test_likes_are_public_with_the_realworld_api(
    settings: Settings, client: AsyncClient, peers: Peers, signed_in: SignedIn, write: NewPost
) -> None:
    ada = peers.new_account()
    await like(client, await write(ada, title="public"), signed_in(ada))
    app = create_app(settings.model_copy(update={"conduit": True}), peers)
    async with (
        app.router.lifespan_context(app),
        AsyncClient(transport=ASGITransport(app), base_url="http://posts.test") as public,
    ):
        reply = await public.get(f"/posts/numbered?liked_by={ada}")
    assert [item["title"] for item in reply.json()["items"]] == ["public"]


async def test_the_feed_shows_a_follow_as_soon_as_it_was_refreshed(
    client: AsyncClient, peers: Peers, signed_in: SignedIn, write: NewPost, numbered: Numbered
) -> None:
    ada, bob, reader = peers.new_account(), peers.new_account(), peers.new_account()
    for number in range(3):
        await write((ada, bob)[number % 2], title=f"f{number}")
    assert await numbered("feed=true", signed_in(reader)) == ([], 0)
    told: Told = {(reader, person): event("follow", {"active": True}, reader, person) for person in (ada, bob)}

    def follows(params: httpx.QueryParams) -> dict[str, Any]:
        """Places in a list of pairs are written as two numbers."""
        return page(told, params)

    peers.lists["/internal/follows"] = follows
    for person in (ada, bob):
        reply = await client.put(f"/posts/feed/follows/{person}", headers=signed_in(reader))
        assert reply.status_code == 204, reply.text
    assert await numbered("feed=true", signed_in(reader)) == (["f2", "f1", "f0"], 3)
    assert await numbered("feed=true&limit=1&offset=1", signed_in(reader)) == (["f1"], 3)
    assert await numbered(f"feed=true&author_id={ada}&limit=1", signed_in(reader)) == (["f2"], 2)
    told[reader, ada] = event("follow", {"active": False}, reader, ada, version=2)
    await client.put(f"/posts/feed/follows/{ada}", headers=signed_in(reader))
    assert await numbered("feed=true", signed_in(reader)) == (["f1"], 1)
    del peers.lists["/internal/follows"]


@pytest.mark.parametrize("erased", ["follower", "followee"])
async def test_a_follow_of_an_erased_account_is_not_stored(
    client: AsyncClient, peers: Peers, signed_in: SignedIn, outbox: Outbox, erased: str
) -> None:
    follower, followee = peers.new_account(), peers.new_account()
    told: Told = {(follower, followee): event("follow", {"active": True}, follower, followee)}
    peers.lists["/internal/follows"] = lambda params: page(told, params)
    # The row alone: the event would also end the follower's session.
    await outbox.rows("INSERT INTO erased VALUES ($1, 2)", follower if erased == "follower" else followee)
    reply = await client.put(f"/posts/feed/follows/{followee}", headers=signed_in(follower))
    assert reply.status_code == 204, reply.text
    assert await outbox.rows("SELECT FROM follows WHERE follower_id = $1", follower) == []
    del peers.lists["/internal/follows"]


async def test_a_follow_that_never_was_or_cannot_be_asked_changes_nothing(
    client: AsyncClient, peers: Peers, signed_in: SignedIn
) -> None:
    one, other = peers.new_account(), peers.new_account()
    further: Told = {(one, other + 1): event("follow", {"active": True}, one, other + 1)}
    peers.lists["/internal/follows"] = lambda params: page(further, params)
    assert (await client.put(f"/posts/feed/follows/{other}", headers=signed_in(one))).status_code == 204
    del peers.lists["/internal/follows"]
    peers.away = True
    reply = await client.put(f"/posts/feed/follows/{other}", headers=signed_in(one))
    peers.away = False
    assert (reply.status_code, reply.json()["code"]) == (503, "peer-unavailable")


async def test_bad_places_are_refused(client: AsyncClient) -> None:
    for query in ("offset=-1", "offset=10001", "limit=0", "limit=101", "author_id=0", "feed=maybe"):
        assert (await client.get(f"/posts/numbered?{query}")).json()["code"] == "validation-failed"
    reply = await client.get("/posts/numbered?feed=true")
    assert (reply.status_code, reply.json()["code"]) == (422, "feed-needs-sign-in")


async def test_posts_of_people_who_are_being_erased_are_left_out(
    app: FastAPI, client: AsyncClient, peers: Peers, write: NewPost, numbered: Numbered
) -> None:
    ada = peers.new_account()
    await write(ada, tags=["erasing"])
    assert await numbered("tag=erasing") == (["First light"], 1)
    told = {"events": [gone(ada)]}
    reply = await client.post("/internal/events", json=told, headers=peers.issuer.service("auth", "posts"))
    assert reply.status_code == 204
    assert (await numbered("tag=erasing"))[0] == []
    assert await numbered(f"author_id={ada}") == ([], 0)


async def test_counting_ends_at_ten_thousand_where_there_is_no_counter(
    app: FastAPI, peers: Peers, numbered: Numbered
) -> None:
    ada = peers.new_account()
    async with app.state.database.engine.connect() as connection:
        await connection.exec_driver_sql(
            "INSERT INTO posts (author_id, title, body, tags, status, published_at)"
            " SELECT $1::bigint, 'many', 'b', ARRAY['many'], 'published', now() FROM generate_series(1, 10001)",
            (ada,),
        )
        await connection.exec_driver_sql(
            "INSERT INTO author_stats (author_id, posts_count) VALUES ($1::bigint, 10001)", (ada,)
        )
        await connection.commit()
    assert (await numbered("limit=1"))[1] == 10_000
    assert await numbered(f"author_id={ada}&tag=many&limit=1&offset=10000") == (["many"], 10_000)
    assert (await numbered(f"author_id={ada}&limit=1"))[1] == 10_001


async def test_a_feed_is_not_skipped_for_long(
    client: AsyncClient, peers: Peers, signed_in: SignedIn, numbered: Numbered
) -> None:
    reader = signed_in(peers.new_account())
    assert await numbered("feed=true&offset=1000", reader) == ([], 0)
    for more in ("", "&tag=t"):
        reply = await client.get(f"/posts/numbered?feed=true&offset=1001{more}", headers=reader)
        assert (reply.status_code, reply.json()["code"]) == (422, "feed-offset-too-large")


async def test_recent_tags_are_those_of_the_latest_posts_first(
    client: AsyncClient, peers: Peers, write: NewPost
) -> None:
    ada = peers.new_account()
    for tags in (["old", "both"], ["new", "both"], ["hidden"]):
        await write(ada, tags=tags, status="draft" if tags == ["hidden"] else "published")
    reply = (await client.get("/posts/tags?sort=recent&limit=3")).json()
    assert [tag["name"] for tag in reply["items"]] == ["both", "new", "old"]
    assert reply["items"][0]["posts_count"] == 2
    assert reply["next_cursor"] is None
