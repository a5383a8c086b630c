"""Members, and what becomes of them when their account is deleted."""

from fastapi import FastAPI
from httpx import AsyncClient

from tests.erasing import erase
from tests.events import Outbox
from tests.peers import Peers, gone


async def test_joining_again_changes_nothing(client: AsyncClient, peers: Peers) -> None:
    ada = peers.new_account()
    first = await client.put("/skeleton/me", headers=peers.issuer.person(ada))
    assert (first.status_code, first.json()["id"]) == (200, ada)
    assert (await client.put("/skeleton/me", headers=peers.issuer.person(ada))).json() == first.json()
    assert (await client.get("/skeleton/me", headers=peers.issuer.person(ada))).json() == first.json()


async def test_whoever_has_not_joined_is_no_member(client: AsyncClient, peers: Peers) -> None:
    reply = await client.get("/skeleton/me", headers=peers.issuer.person(peers.new_account()))
    assert (reply.status_code, reply.json()["code"]) == (404, "skeleton-not-a-member")


async def test_a_deleted_account_leaves_no_data_and_does_not_come_back(
    app: FastAPI, client: AsyncClient, peers: Peers, outbox: Outbox
) -> None:
    ada = peers.new_account()
    await client.put("/skeleton/me", headers=peers.issuer.person(ada))
    assert await outbox.naming(ada) == {"members"}
    told = await client.post(
        "/internal/events", json={"events": [gone(ada)]}, headers=peers.issuer.service("auth", "skeleton")
    )
    assert told.status_code == 204
    for _ in range(2):  # before and after the rows are deleted
        refused = await client.put("/skeleton/me", headers=peers.issuer.person(ada))
        assert (refused.status_code, refused.json()["code"]) == (404, "skeleton-account-erased")
        assert (await client.get("/skeleton/me", headers=peers.issuer.person(ada))).status_code == 404
        await erase(app.state.eraser)
    assert await outbox.naming(ada) == {"erased", "outbox"}
    assert await outbox.waiting(f"account:{ada}") == [("auth", 1, {"service": "skeleton"})]
