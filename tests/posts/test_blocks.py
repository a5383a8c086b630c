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
