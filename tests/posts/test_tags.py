"""Tags, and how much they are used."""

import asyncio
import itertools
from typing import Any

import pytest
from httpx import AsyncClient

from tests.events import Outbox
from tests.peers import Peers
from tests.posts.conftest import NewPost, SignedIn, Walk


@pytest.fixture
async def counts(client: AsyncClient, walk: Walk) -> Any:
    """What the list of tags says, as it says it."""

    async def counts() -> list[tuple[str, int]]:
        return [(tag["name"], tag["posts_count"]) for tag in await walk("/posts/tags?limit=2")]

    return counts


async def test_published_posts_are_counted_by_their_tags_the_most_used_first(
    client: AsyncClient, peers: Peers, signed_in: SignedIn, write: NewPost, counts: Any
) -> None:
    ada = peers.new_account()
    headers = signed_in(ada)
    assert await counts() == []
    first = await write(ada, tags=["a", "b"])
    second = await write(ada, tags=["b", "C", "c"])
    draft = await write(ada, tags=["c", "d"], status="draft")
    assert await counts() == [("b", 2), ("c", 1), ("a", 1)]
    await client.patch(f"/posts/{draft['id']}", json={"status": "published"}, headers=headers)
    assert await counts() == [("c", 2), ("b", 2), ("d", 1), ("a", 1)]
    await client.patch(f"/posts/{first['id']}", json={"tags": ["c", "e"]}, headers=headers)
    assert await counts() == [("c", 3), ("e", 1), ("d", 1), ("b", 1)]
    await client.patch(f"/posts/{first['id']}", json={"title": "t"}, headers=headers)
    await client.patch(f"/posts/{first['id']}", json={"tags": ["e", "c"]}, headers=headers)
    assert await counts() == [("c", 3), ("e", 1), ("d", 1), ("b", 1)]
    await client.delete(f"/posts/{second['id']}", headers=headers)
    assert await counts() == [("c", 2), ("e", 1), ("d", 1)]
    for post in (first, draft):
        await client.delete(f"/posts/{post['id']}", headers=headers)
    assert await counts() == []


async def test_tags_are_counted_right_whatever_happens_at_once(
    client: AsyncClient, peers: Peers, signed_in: SignedIn, write: NewPost, counts: Any, outbox: Outbox
) -> None:
    """The same tags in every order: nobody waits in a circle, and nobody's step is lost."""
    ada, names = peers.new_account(), ["red", "green", "blue", "white"]
    orders = [list(order) for order in itertools.permutations(names)]
    posts = [
        await write(ada, tags=order[:2], status="draft" if n % 2 else "published") for n, order in enumerate(orders)
    ]

    async def act(number: int) -> int:
        order, path, headers = orders[number], f"/posts/{posts[number]['id']}", signed_in(ada)
        if number % 3 == 0:
            reply = await client.delete(path, headers=headers)
        elif number % 3 == 1:
            reply = await client.patch(path, json={"tags": order[1:], "status": "published"}, headers=headers)
        else:
            new = {"title": "t", "body": "b", "tags": order}
            reply = await client.post("/posts", json=new, headers=signed_in(peers.new_account()))
        return reply.status_code

    assert set(await asyncio.gather(*map(act, range(len(orders))))) == {200, 201, 204}
    rows = await outbox.rows("SELECT tag, count(*) FROM post_tags GROUP BY tag")
    assert dict(await counts()) == {row["tag"]: row["count"] for row in rows}
    listed = await outbox.rows("SELECT unnest(tags) AS tag, count(*) FROM posts WHERE status = 'published' GROUP BY 1")
    assert sorted(map(tuple, rows)) == sorted(map(tuple, listed))


async def test_tags_need_no_token_and_take_no_bad_cursor(client: AsyncClient) -> None:
    assert (await client.get("/posts/tags?cursor=AAAA")).json()["code"] == "bad-cursor"
    assert (await client.get("/posts/tags?limit=101")).status_code == 422
    assert (await client.get("/posts/tags", headers={"Authorization": "Bearer x"})).status_code == 200
