"""`ETag`, `If-None-Match` and `If-Match` on profiles."""

import asyncio

from httpx import AsyncClient

from tests.peers import Peers
from tests.users.conftest import SignedIn


async def test_a_profile_is_left_out_while_nothing_has_changed(
    client: AsyncClient, peers: Peers, signed_in: SignedIn
) -> None:
    ada, bob = peers.new_account(), peers.new_account()
    for path, headers in (("/users/me", signed_in(ada)), (f"/users/{ada}", {})):
        tag = (await client.get(path, headers=headers)).headers["etag"]
        condition = headers | {"If-None-Match": tag}
        assert (await client.get(path, headers=condition)).status_code == 304
        await client.put(f"/users/{ada}/follow", headers=signed_in(bob))
        assert (await client.get(path, headers=condition)).json()["followers_count"] == 1
        await client.delete(f"/users/{ada}/follow", headers=signed_in(bob))


async def test_of_twenty_edits_of_a_profile_with_one_tag_one_wins(
    client: AsyncClient, peers: Peers, signed_in: SignedIn
) -> None:
    ada = signed_in(peers.new_account())
    first = await client.get("/users/me", headers=ada)
    condition = ada | {"If-Match": first.headers["etag"]}
    replies = await asyncio.gather(
        *(client.patch("/users/me", json={"bio": f"by {n}"}, headers=condition) for n in range(20))
    )
    assert sorted(reply.status_code for reply in replies) == [200] + [412] * 19
    won = next(reply for reply in replies if reply.status_code == 200)
    now = await client.get("/users/me", headers=ada)
    assert (now.json(), now.headers["etag"]) == (won.json(), won.headers["etag"])
    stale = await client.patch("/users/me", json={}, headers=condition)
    assert (stale.status_code, stale.json()["code"]) == (412, "precondition-failed")


async def test_an_edit_that_is_the_first_sign_of_somebody_is_made(
    client: AsyncClient, peers: Peers, signed_in: SignedIn
) -> None:
    ada = signed_in(peers.new_account())
    reply = await client.patch("/users/me", json={"bio": "b"}, headers=ada | {"If-Match": "*"})
    assert (reply.status_code, reply.json()["bio"]) == (200, "b")
