"""Effects of a block: the blocked person can neither comment, like, nor change earlier comments."""

from typing import Any

import pytest
from httpx import AsyncClient

from tests.peers import Peers, event
from tests.posts.conftest import NewPost, SignedIn
from tests.posts.reporting import Walk


async def tell(client: AsyncClient, peers: Peers, type_: str, *key: int, active: bool, version: int = 1) -> None:
    told = event(type_, {"active": active}, *key, version=version)
    headers = peers.issuer.service("users", "posts")
    assert (await client.post("/internal/events", json={"events": [told]}, headers=headers)).status_code == 204


async def test_who_is_blocked_can_neither_comment_nor_like_until_it_ends(
    client: AsyncClient, peers: Peers, signed_in: SignedIn, write: NewPost
) -> None:
    ada, grace, other = peers.new_account(), peers.new_account(), peers.new_account()
    post, elsewhere = await write(ada), await write(other)
    path, headers, new = f"/posts/{post['id']}", signed_in(grace), {"body": "Well seen."}
    said = await client.post(f"{path}/comments", json=new, headers=headers)
    place = said.headers["location"]
    assert (await client.put(f"{path}/like", headers=headers)).status_code == 204

    await tell(client, peers, "block", ada, grace, active=True)
    for reply in (
        await client.post(f"{path}/comments", json=new, headers=headers),
        await client.patch(place, json={"body": "Worse."}, headers=headers),
        await client.put(f"{path}/like", headers=headers),
    ):
        assert (reply.status_code, reply.json()["code"]) == (403, "blocked")
    seen = (await client.get(path, headers=headers)).json()
    assert (seen["likes_count"], seen["comments_count"], seen["liked"]) == (1, 1, True)
    assert (await client.get(place)).json()["body"] == "Well seen."

    # nothing else has changed, neither for the other person nor for third parties
    there = f"/posts/{elsewhere['id']}"
    assert (await client.post(f"{there}/comments", json=new, headers=headers)).status_code == 201
    own = f"/posts/{(await write(grace))['id']}"
    assert (await client.post(f"{own}/comments", json=new, headers=signed_in(ada))).status_code == 201
    assert (await client.put(f"{path}/like", headers=signed_in(other))).status_code == 204

    # they may delete earlier comments and likes
    assert (await client.delete(f"{path}/like", headers=headers)).status_code == 204
    assert (await client.delete(place, headers=headers)).status_code == 204
    await tell(client, peers, "block", ada, grace, active=False, version=2)
    assert (await client.post(f"{path}/comments", json=new, headers=headers)).status_code == 201
    assert (await client.put(f"{path}/like", headers=headers)).status_code == 204


async def test_a_block_is_applied_by_its_version(
    client: AsyncClient, peers: Peers, signed_in: SignedIn, write: NewPost
) -> None:
    """R-13."""
    ada, grace = peers.new_account(), peers.new_account()
    path = f"/posts/{(await write(ada))['id']}/like"
    for version, active, status in ((2, False, 204), (1, True, 204), (3, True, 403), (2, False, 403), (4, False, 204)):
        await tell(client, peers, "block", ada, grace, active=active, version=version)
        assert (await client.put(path, headers=signed_in(grace))).status_code == status


async def test_neither_feed_shows_the_other_once_users_has_told_of_a_block(
    client: AsyncClient, peers: Peers, signed_in: SignedIn, write: NewPost, walk: Walk
) -> None:
    """users ends both follows with the block; public posts stay public."""
    ada, grace = peers.new_account(), peers.new_account()
    posts = [await write(author) for author in (ada, grace)]
    for follower, followee in ((ada, grace), (grace, ada)):
        await tell(client, peers, "follow", follower, followee, active=True)
    for reader, post in ((ada, posts[1]), (grace, posts[0])):
        assert [item["id"] for item in await walk("/posts/feed", signed_in(reader))] == [post["id"]]
    await tell(client, peers, "block", ada, grace, active=True)
    for follower, followee in ((ada, grace), (grace, ada)):
        await tell(client, peers, "follow", follower, followee, active=False, version=2)
    for reader in (ada, grace):
        assert await walk("/posts/feed", signed_in(reader)) == []
        assert len(await walk("/posts", signed_in(reader))) >= 2


async def test_a_moderator_whom_the_author_has_blocked_still_moderates(
    client: AsyncClient, peers: Peers, signed_in: SignedIn, write: NewPost
) -> None:
    ada, grace, moderator = peers.new_account(), peers.new_account(), peers.new_account()
    path = f"/posts/{(await write(ada))['id']}"
    said = await client.post(f"{path}/comments", json={"body": "b"}, headers=signed_in(grace))
    await tell(client, peers, "block", ada, moderator, active=True)
    headers = signed_in(moderator, "moderator")
    assert (await client.delete(said.headers["location"], headers=headers)).status_code == 204
    assert (await client.delete(path, headers=headers)).status_code == 204


@pytest.mark.parametrize("bad", [{"active": None}, {}, {"active": "perhaps"}])
async def test_a_bad_block_is_refused(client: AsyncClient, peers: Peers, bad: dict[str, Any]) -> None:
    headers = peers.issuer.service("users", "posts")
    reply = await client.post("/internal/events", json={"events": [event("block", bad, 1, 2)]}, headers=headers)
    assert (reply.status_code, reply.json()["code"]) == (422, "bad-event")


LISTS = ("?", "?sort=top", "?q=night", "?tag=hides", "?tag=hides&sort=top", "?tag=hides&q=night")


async def test_a_blocker_s_lists_leave_out_whom_they_block(
    client: AsyncClient, peers: Peers, signed_in: SignedIn, write: NewPost, walk: Walk
) -> None:
    """docs/concepts/blocks.md. For everybody else nothing changes, and the blocked person cannot tell."""
    ada, grace, other = peers.new_account(), peers.new_account(), peers.new_account()
    theirs, others = [(await write(author, tags=["hides"]))["id"] for author in (grace, other)]

    async def seen(query: str, headers: dict[str, str]) -> set[int]:
        return {post["id"] for post in await walk(f"/posts{query}&limit=100", headers)} & {theirs, others}

    for version, active in ((1, True), (2, False)):
        await tell(client, peers, "block", ada, grace, active=active, version=version)
        for query in LISTS:
            assert await seen(query, signed_in(ada)) == ({others} if active else {theirs, others}), query
            for reader in (signed_in(grace), signed_in(other), {}):
                assert await seen(query, reader) == {theirs, others}, query
        for query in (f"?author_id={grace}", f"?author_id={grace}&tag=hides", f"?author_id={grace}&q=night"):
            assert await seen(query, signed_in(ada)) == {theirs}, "asked for, it is there"
        assert (await client.get(f"/posts/{theirs}", headers=signed_in(ada))).status_code == 200


async def test_a_blocker_sees_the_comments_of_whom_they_block_only_below_their_own_posts(
    client: AsyncClient, peers: Peers, signed_in: SignedIn, write: NewPost, walk: Walk
) -> None:
    """There they may delete them."""
    ada, grace, other = peers.new_account(), peers.new_account(), peers.new_account()
    paths = [f"/posts/{(await write(author))['id']}/comments" for author in (other, ada)]
    for path in paths:
        for author in (grace, ada):
            reply = await client.post(path, json={"body": "b"}, headers=signed_in(author))
            assert reply.status_code == 201, reply.text

    async def authors(path: str, headers: dict[str, str]) -> list[int]:
        return [comment["author"]["id"] for comment in await walk(path, headers)]

    await tell(client, peers, "block", ada, grace, active=True)
    assert [await authors(path, signed_in(ada)) for path in paths] == [[ada], [grace, ada]]
    for reader in (signed_in(grace), signed_in(other), {}):
        assert [await authors(path, reader) for path in paths] == [[grace, ada], [grace, ada]]
    hidden = (await client.get(paths[0])).json()["items"][0]["id"]
    assert (await client.get(f"{paths[0]}/{hidden}", headers=signed_in(ada))).status_code == 200  # by its address
    await tell(client, peers, "block", ada, grace, active=False, version=2)
    assert await authors(paths[0], signed_in(ada)) == [grace, ada]
