"""Blocks and their effects."""

import asyncio

from httpx import AsyncClient

from common.contracts.events import BlockData, FollowData
from tests.events import Outbox
from tests.peers import Peers
from tests.users.conftest import SignedIn


async def counts(client: AsyncClient, user_id: int) -> tuple[int, int]:
    profile = (await client.get(f"/users/{user_id}")).json()
    return profile["followers_count"], profile["following_count"]


# begin: only with posts
async def test_blocking_ends_both_follows_and_tells_posts(
    client: AsyncClient, peers: Peers, signed_in: SignedIn, outbox: Outbox
) -> None:
    ada, mallory = peers.new_account(), peers.new_account()
    await client.put(f"/users/{mallory}/follow", headers=signed_in(ada))
    await client.put(f"/users/{ada}/follow", headers=signed_in(mallory))
    for _ in range(2):
        assert (await client.put(f"/users/{mallory}/block", headers=signed_in(ada))).status_code == 204
        assert [await counts(client, person) for person in (ada, mallory)] == [(0, 0), (0, 0)]
        assert await outbox.waiting(f"block:{ada}:{mallory}") == [("posts", 1, {"active": True})]
    for edge in (f"follow:{ada}:{mallory}", f"follow:{mallory}:{ada}"):
        assert await outbox.waiting(edge) == [("posts", 2, {"active": False})]
    for _ in range(2):
        assert (await client.delete(f"/users/{mallory}/block", headers=signed_in(ada))).status_code == 204
        assert await outbox.waiting(f"block:{ada}:{mallory}") == [("posts", 2, {"active": False})]
    assert [await counts(client, person) for person in (ada, mallory)] == [(0, 0), (0, 0)]


# end: only with posts


async def test_nobody_follows_whom_they_block_or_who_blocks_them(
    client: AsyncClient, peers: Peers, signed_in: SignedIn
) -> None:
    ada, mallory = peers.new_account(), peers.new_account()
    await client.put(f"/users/{mallory}/block", headers=signed_in(ada))
    refused = await client.put(f"/users/{ada}/follow", headers=signed_in(mallory))
    assert (refused.status_code, refused.json()["code"]) == (403, "blocked-by-them")
    refused = await client.put(f"/users/{mallory}/follow", headers=signed_in(ada))
    assert (refused.status_code, refused.json()["code"]) == (409, "blocked-by-you")
    assert [await counts(client, person) for person in (ada, mallory)] == [(0, 0), (0, 0)]
    await client.delete(f"/users/{mallory}/block", headers=signed_in(ada))
    assert (await client.put(f"/users/{ada}/follow", headers=signed_in(mallory))).status_code == 204
    assert await counts(client, ada) == (1, 0)


async def test_only_the_blocker_is_told_of_a_block(client: AsyncClient, peers: Peers, signed_in: SignedIn) -> None:
    ada, mallory = peers.new_account(), peers.new_account("Mallory")
    await client.put(f"/users/{mallory}/block", headers=signed_in(ada))
    seen = [
        (await client.get(f"/users/{person}", headers=headers)).json()["blocked"]
        for person, headers in ((mallory, signed_in(ada)), (ada, signed_in(mallory)), (mallory, {}))
    ]
    assert seen == [True, False, None]
    own = (await client.get("/users/me/blocks", headers=signed_in(ada))).json()
    assert [(item["id"], item["name"]) for item in own["items"]] == [(mallory, "Mallory")]
    assert (await client.get("/users/me/blocks", headers=signed_in(mallory))).json()["items"] == []
    assert (await client.get("/users/me/blocks")).status_code == 401


async def test_blocked_people_come_in_pages_newest_first(
    client: AsyncClient, peers: Peers, signed_in: SignedIn
) -> None:
    ada, others = peers.new_account(), [peers.new_account() for _ in range(5)]
    for other in others:
        await client.put(f"/users/{other}/block", headers=signed_in(ada))
    seen: list[int] = []
    url: str | None = "/users/me/blocks?limit=2"
    while url:
        reply = await client.get(url, headers=signed_in(ada))
        seen += [item["id"] for item in reply.json()["items"]]
        url = reply.links["next"]["url"] if reply.links else None
    assert seen == others[::-1]


async def test_nobody_blocks_themselves_or_nobody(client: AsyncClient, peers: Peers, signed_in: SignedIn) -> None:
    ada = peers.new_account()
    own = await client.put(f"/users/{ada}/block", headers=signed_in(ada))
    none = await client.put("/users/5/block", headers=signed_in(ada))
    assert (own.status_code, own.json()["code"]) == (400, "cannot-block-yourself")
    assert (none.status_code, none.json()["code"]) == (404, "user-not-found")
    assert (await client.delete("/users/5/block", headers=signed_in(ada))).status_code == 204
    assert (await client.delete(f"/users/{ada}/block", headers=signed_in(ada))).status_code == 204


async def test_follows_and_blocks_crosswise_at_once_end_well(
    client: AsyncClient, peers: Peers, signed_in: SignedIn, outbox: Outbox
) -> None:
    """No deadlocks, no follow despite a block, and counters and events match the edges."""
    ada, eve = peers.new_account(), peers.new_account()
    pairs = [(ada, eve), (eve, ada)]
    calls = [("PUT", "follow"), ("PUT", "block"), ("DELETE", "block"), ("PUT", "follow"), ("DELETE", "follow")]
    for last in ("DELETE", "PUT"):
        replies = await asyncio.gather(
            *(
                client.request(method, f"/users/{other}/{edge}", headers=signed_in(one))
                for method, edge in calls
                for one, other in pairs
                for _ in range(2)
            )
        )
        assert {reply.status_code for reply in replies} <= {204, 403, 409}
        await client.request(last, f"/users/{eve}/block", headers=signed_in(ada))
        follows = await outbox.rows("SELECT * FROM follows WHERE follower_id = ANY($1)", [ada, eve])
        blocks = await outbox.rows("SELECT * FROM blocks WHERE blocker_id = ANY($1)", [ada, eve])
        active = {row["follower_id"] for row in follows if row["active"]}
        assert not active or not any(row["active"] for row in blocks)
        assert await counts(client, ada) == (int(eve in active), int(ada in active))
        assert await counts(client, eve) == (int(ada in active), int(eve in active))
        for row in follows:
            told = await outbox.waiting(f"follow:{row['follower_id']}:{row['followee_id']}")
            assert told == [(one, row["version"], {"active": row["active"]}) for one in FollowData.targets]
        for row in blocks:
            told = await outbox.waiting(f"block:{row['blocker_id']}:{row['blocked_id']}")
            assert told == [(one, row["version"], {"active": row["active"]}) for one in BlockData.targets]


# begin: only with posts
async def test_posts_reads_all_blocks_in_their_order(client: AsyncClient, peers: Peers, signed_in: SignedIn) -> None:
    """S-28. Ended ones too, so that a read model can be rebuilt and compared."""
    ada, one, other = (peers.new_account() for _ in range(3))
    await client.put(f"/users/{one}/block", headers=signed_in(ada))
    await client.put(f"/users/{other}/block", headers=signed_in(ada))
    await client.delete(f"/users/{one}/block", headers=signed_in(ada))
    posts = peers.issuer.service("posts", "users")
    page = (await client.get(f"/internal/blocks?limit=1&after={ada}:0", headers=posts)).json()
    assert page["next"] == f"{ada}:{one}"
    told = [event | {"occurred_at": ""} for event in page["events"]]
    assert told == [
        {
            "id": f"block:{ada}:{one}@2",
            "type": "block",
            "subject": f"block:{ada}:{one}",
            "version": 2,
            "occurred_at": "",
            "data": {"active": False},
        }
    ]
    page = (await client.get(f"/internal/blocks?after={page['next']}", headers=posts)).json()
    assert page["events"][0]["subject"] == f"block:{ada}:{other}"
    refused = [
        (await client.get("/internal/blocks", headers=headers)).status_code
        for headers in ({}, signed_in(ada), signed_in(ada, "admin"), peers.issuer.service("auth", "users"))
    ]
    assert refused == [401, 403, 403, 403]
    assert (await client.get("/internal/blocks?after=9:9999999999999999", headers=posts)).status_code == 422


# end: only with posts
