"""Tags and their counts."""

import asyncio
import itertools
from dataclasses import replace
from typing import Any

import asyncpg
import pytest
from fastapi import FastAPI
from httpx import AsyncClient

from posts.repositories.tags import FORGET_UNUSED
from posts.services.retention import RETENTION
from tests.events import Outbox
from tests.peers import Peers
from tests.posts.conftest import NewPost, SignedIn
from tests.posts.reporting import Walk
from tests.waiting import until_blocked


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
    """The same tags in every order: no deadlocks, and no lost counts."""
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


async def test_tags_that_no_published_post_carries_are_removed_and_no_others(
    app: FastAPI,
    client: AsyncClient,
    peers: Peers,
    signed_in: SignedIn,
    write: NewPost,
    outbox: Outbox,
) -> None:
    ada = peers.new_account()
    headers, names = signed_in(ada), [f"unused-{n}" for n in range(5)]
    gone, revised = await write(ada, tags=names), await write(ada, tags=["unused-5", "used"])
    await write(ada, tags=["unused-6"], status="draft")
    await client.delete(f"/posts/{gone['id']}", headers=headers)
    await client.patch(f"/posts/{revised['id']}", json={"tags": ["used"]}, headers=headers)
    assert len(await outbox.rows("SELECT FROM tags WHERE posts_count = 0 AND name LIKE 'unused-%'")) == 6
    await replace(RETENTION, batch=2).apply(app.state.transactions)
    rows = await outbox.rows("SELECT name FROM tags WHERE name LIKE 'unused-%' OR name = 'used'")
    assert [row["name"] for row in rows] == ["used"]


@pytest.mark.parametrize("method", ["POST", "PATCH"])
async def test_a_post_that_is_tagged_while_its_tag_is_removed_is_counted(
    client: AsyncClient, peers: Peers, signed_in: SignedIn, write: NewPost, outbox: Outbox, method: str
) -> None:
    """It waits for the removal, and creates the tag again."""
    ada, tag = peers.new_account(), f"back-by-{method.lower()}"
    headers = signed_in(ada)
    await client.delete(f"/posts/{(await write(ada, tags=[tag]))['id']}", headers=headers)
    untagged = (await write(ada))["id"]
    connection = await asyncpg.connect(outbox.dsn)
    under_way = connection.transaction()
    await under_way.start()
    assert tag in {row["name"] for row in await connection.fetch(str(FORGET_UNUSED).replace(":most", "$1"), 1000)}
    path, body = (f"/posts/{untagged}", {}) if method == "PATCH" else ("/posts", {"title": "t", "body": "b"})
    waiting = asyncio.create_task(client.request(method, path, json=body | {"tags": [tag]}, headers=headers))
    await until_blocked(connection)
    assert not waiting.done()
    await under_way.commit()
    await connection.close()
    assert (await waiting).status_code in (200, 201)
    (row,) = await outbox.rows("SELECT posts_count FROM tags WHERE name = $1", tag)
    assert row["posts_count"] == 1


async def test_a_tag_that_is_being_put_on_a_post_is_not_removed_nor_waited_for(
    app: FastAPI, client: AsyncClient, peers: Peers, signed_in: SignedIn, write: NewPost, outbox: Outbox
) -> None:
    ada = peers.new_account()
    await client.delete(f"/posts/{(await write(ada, tags=['coming']))['id']}", headers=signed_in(ada))
    connection = await asyncpg.connect(outbox.dsn)
    under_way = connection.transaction()
    await under_way.start()
    await connection.execute(
        "INSERT INTO tags (name, posts_count) VALUES ('coming', 1)"
        " ON CONFLICT (name) DO UPDATE SET posts_count = tags.posts_count + 1"
    )
    await RETENTION.apply(app.state.transactions)
    await under_way.rollback()  # the post is not published after all
    await connection.close()
    kept = "SELECT FROM tags WHERE name = 'coming'"
    assert len(await outbox.rows(kept)) == 1
    await RETENTION.apply(app.state.transactions)
    assert await outbox.rows(kept) == []


async def test_tags_that_come_and_go_while_unused_ones_are_removed_are_counted_right(
    app: FastAPI, client: AsyncClient, peers: Peers, signed_in: SignedIn, outbox: Outbox
) -> None:
    """Several processes remove them while several people write, retag and delete, without deadlocks."""
    names = ["north", "east", "south", "west"]

    async def busy(order: list[str]) -> set[int]:
        headers, answers = signed_in(peers.new_account()), []
        for _ in range(6):
            post = {"title": "t", "body": "b", "tags": order[:2]}
            created = await client.post("/posts", json=post, headers=headers)
            path = f"/posts/{created.json()['id']}"
            retagged = await client.patch(path, json={"tags": order[2:]}, headers=headers)
            answers += [created, retagged, await client.delete(path, headers=headers)]
        return {answer.status_code for answer in answers}

    async def remove() -> None:
        for _ in range(60):
            await RETENTION.apply(app.state.transactions)

    orders = [list(order) for order in itertools.permutations(names)][::3]
    done = await asyncio.gather(*map(busy, orders), remove(), remove())
    assert all(answers == {200, 201, 204} for answers in done if answers)
    wrong = "SELECT name FROM tags WHERE posts_count <> (SELECT count(*) FROM post_tags WHERE tag = name)"
    assert await outbox.rows(wrong) == []
    assert await outbox.rows("SELECT FROM post_tags WHERE tag <> ALL (SELECT name FROM tags)") == []
    await RETENTION.apply(app.state.transactions)
    assert await outbox.rows("SELECT FROM tags WHERE name = ANY ($1)", names) == []


async def test_tags_need_no_token_and_take_no_bad_cursor(client: AsyncClient) -> None:
    assert (await client.get("/posts/tags?cursor=AAAA")).json()["code"] == "bad-cursor"
    assert (await client.get("/posts/tags?limit=101")).status_code == 422
    assert (await client.get("/posts/tags", headers={"Authorization": "Bearer x"})).status_code == 200
