"""Comments and likes, and the counters beside them."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import asyncpg
import pytest
from httpx import AsyncClient, Response

from tests.events import Outbox
from tests.peers import Peers
from tests.posts.conftest import NewPost, SignedIn
from tests.posts.reporting import Walk
from tests.waiting import GENEROUS


async def comment(client: AsyncClient, post_id: int, headers: dict[str, str], body: str = "Well seen.") -> Any:
    reply = await client.post(f"/posts/{post_id}/comments", json={"body": body}, headers=headers)
    assert reply.status_code == 201, reply.text
    return reply.json()


async def counted(client: AsyncClient, post_id: int) -> tuple[int, int]:
    post = (await client.get(f"/posts/{post_id}")).json()
    return post["likes_count"], post["comments_count"]


async def test_comments_come_oldest_first_with_their_authors(
    client: AsyncClient, peers: Peers, signed_in: SignedIn, write: NewPost, walk: Walk
) -> None:
    ada, grace = peers.new_account("Ada"), peers.new_account("Grace")
    post = await write(ada)
    said = [await comment(client, post["id"], signed_in(author), str(author)) for author in (grace, ada, grace)]
    listed = await walk(f"/posts/{post['id']}/comments?limit=2")
    assert listed == said
    assert [one["author"]["name"] for one in listed] == ["Grace", "Ada", "Grace"]
    assert await counted(client, post["id"]) == (0, 3)


async def test_a_comment_is_found_where_its_location_says(
    client: AsyncClient, peers: Peers, signed_in: SignedIn, write: NewPost
) -> None:
    ada, grace = peers.new_account("Ada"), peers.new_account("Grace")
    post, other = await write(ada), await write(ada)
    reply = await client.post(f"/posts/{post['id']}/comments", json={"body": "Well seen."}, headers=signed_in(grace))
    seen = await client.get(reply.headers["location"])
    assert (seen.json(), seen.headers["etag"]) == (reply.json(), reply.headers["etag"])
    for path in (f"/posts/{other['id']}/comments/{seen.json()['id']}", f"/posts/{post['id']}/comments/999999"):
        missing = await client.get(path)
        assert (missing.status_code, missing.json()["code"]) == (404, "comment-not-found")


async def test_a_comment_is_changed_by_its_author_only(
    client: AsyncClient, peers: Peers, signed_in: SignedIn, write: NewPost
) -> None:
    ada, grace = peers.new_account(), peers.new_account()
    post, other = await write(ada), await write(ada)
    said = await comment(client, post["id"], signed_in(grace))
    path = f"/posts/{post['id']}/comments/{said['id']}"
    change = {"body": "Better seen."}
    assert (await client.patch(path, json=change, headers=signed_in(ada, "admin"))).status_code == 403
    assert (await client.patch(path, json=change | {"post_id": 1}, headers=signed_in(grace))).status_code == 422
    elsewhere = f"/posts/{other['id']}/comments/{said['id']}"
    assert (await client.patch(elsewhere, json=change, headers=signed_in(grace))).status_code == 404
    reply = await client.patch(path, json=change, headers=signed_in(grace))
    assert (reply.status_code, reply.json()["body"]) == (200, "Better seen.")


@pytest.mark.parametrize("who", ["its author", "the post's author", "a moderator", "an admin", "a stranger"])
async def test_who_may_delete_a_comment(
    client: AsyncClient, peers: Peers, signed_in: SignedIn, write: NewPost, who: str
) -> None:
    ada, grace, other = peers.new_account(), peers.new_account(), peers.new_account()
    post = await write(ada)
    said = await comment(client, post["id"], signed_in(grace))
    headers = {
        "its author": signed_in(grace),
        "the post's author": signed_in(ada),
        "a moderator": signed_in(other, "moderator"),
        "an admin": signed_in(other, "admin"),
        "a stranger": signed_in(other),
    }[who]
    path = f"/posts/{post['id']}/comments/{said['id']}"
    reply = await client.delete(path, headers=headers)
    if who == "a stranger":
        assert (reply.status_code, reply.json()["code"]) == (403, "not-the-author")
        assert await counted(client, post["id"]) == (0, 1)
    else:
        assert reply.status_code == 204
        assert (await client.delete(path, headers=headers)).status_code == 404
        assert await counted(client, post["id"]) == (0, 0)


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"body": ""},
        {"body": " "},
        {"body": "\n"},
        {"body": "\u200b"},
        {"body": "c" * 5001},
        {"body": "\x00"},
        {"body": None},
        {"b": "c"},
    ],
)
async def test_a_bad_comment_is_refused_and_not_counted(
    client: AsyncClient, peers: Peers, signed_in: SignedIn, write: NewPost, body: dict[str, Any]
) -> None:
    ada = peers.new_account()
    post = await write(ada)
    reply = await client.post(f"/posts/{post['id']}/comments", json=body, headers=signed_in(ada))
    assert reply.status_code == 422
    assert await counted(client, post["id"]) == (0, 0)


async def test_a_like_counts_once_per_person(
    client: AsyncClient, peers: Peers, signed_in: SignedIn, write: NewPost
) -> None:
    ada = peers.new_account()
    post = await write(ada)
    path = f"/posts/{post['id']}"
    for _ in range(2):
        assert (await client.put(f"{path}/like", headers=signed_in(ada))).status_code == 204
        assert await counted(client, post["id"]) == (1, 0)
    assert (await client.get(path, headers=signed_in(ada))).json()["liked"] is True
    assert (await client.get(path, headers=signed_in(peers.new_account()))).json()["liked"] is False
    for _ in range(2):
        assert (await client.delete(f"{path}/like", headers=signed_in(ada))).status_code == 204
        assert await counted(client, post["id"]) == (0, 0)


async def twenty_at_a_time(sends: Sequence[Callable[[], Awaitable[Response]]]) -> set[int]:
    """The statuses of all answers."""
    statuses: set[int] = set()
    for start in range(0, len(sends), 20):
        replies = await asyncio.gather(*(send() for send in sends[start : start + 20]))
        statuses |= {reply.status_code for reply in replies}
    return statuses


async def test_a_hundred_people_at_once_are_a_hundred_likes_and_a_hundred_comments(
    client: AsyncClient, peers: Peers, signed_in: SignedIn, write: NewPost
) -> None:
    post = await write(peers.new_account())
    path = f"/posts/{post['id']}"
    crowd = [signed_in(peers.new_account()) for _ in range(100)]

    def like(headers: dict[str, str]) -> Callable[[], Awaitable[Response]]:
        return lambda: client.put(f"{path}/like", headers=headers)

    def unlike(headers: dict[str, str]) -> Callable[[], Awaitable[Response]]:
        return lambda: client.delete(f"{path}/like", headers=headers)

    def say(headers: dict[str, str]) -> Callable[[], Awaitable[Response]]:
        return lambda: client.post(f"{path}/comments", json={"body": "b"}, headers=headers)

    acts = [act(one) for one in crowd for act in (like, say)]
    assert await twenty_at_a_time([*acts, *map(like, crowd[:20])]) == {201, 204}  # some like it twice
    assert await counted(client, post["id"]) == (100, 100)
    comments = [one["id"] for one in (await client.get(f"{path}/comments?limit=100")).json()["items"]]

    owner = signed_in(post["author"]["id"])

    def take_back(place: int) -> Callable[[], Awaitable[Response]]:
        return lambda: client.delete(f"{path}/comments/{comments[place]}", headers=owner)

    acts = [*map(unlike, crowd[:60]), *map(unlike, crowd[:20]), *map(take_back, range(40))]
    assert await twenty_at_a_time(acts) == {204}
    assert await counted(client, post["id"]) == (40, 60)


async def test_reading_never_waits_for_who_is_liking(
    client: AsyncClient, peers: Peers, write: NewPost, outbox: Outbox
) -> None:
    post = await write(peers.new_account(), tags=["hot"])
    connection = await asyncpg.connect(outbox.dsn)
    try:
        async with connection.transaction(), asyncio.timeout(GENEROUS):
            for table in ("posts WHERE id", "post_stats WHERE post_id"):
                await connection.execute(f"SELECT FROM {table} = $1 FOR UPDATE", post["id"])
            await connection.execute("UPDATE post_stats SET likes_count = 9 WHERE post_id = $1", post["id"])
            assert await counted(client, post["id"]) == (0, 0)
            for query in ("", "?tag=hot", "?sort=top", "?q=first"):
                assert post["id"] in [one["id"] for one in (await client.get(f"/posts{query}")).json()["items"]]
    finally:
        await connection.close()
    assert await counted(client, post["id"]) == (9, 0)


async def test_what_is_gone_can_be_neither_liked_nor_commented(
    client: AsyncClient, peers: Peers, signed_in: SignedIn, write: NewPost
) -> None:
    """Concurrent deletes and likes end in 204 or 404, never in a fault."""
    ada = peers.new_account()
    for _ in range(5):
        post = await write(ada)
        path = f"/posts/{post['id']}"
        fan = signed_in(peers.new_account())
        assert (await client.put(f"{path}/like", headers=fan)).status_code == 204
        likes = [client.put(f"{path}/like", headers=signed_in(peers.new_account())) for _ in range(4)]
        likes.append(client.delete(f"{path}/like", headers=fan))
        said = [client.post(f"{path}/comments", json={"body": "b"}, headers=signed_in(ada)) for _ in range(4)]
        replies = await asyncio.gather(*likes, client.delete(path, headers=signed_in(ada)), *said)
        assert {reply.status_code for reply in replies} <= {201, 204, 404}
        assert (await client.get(path)).status_code == 404
