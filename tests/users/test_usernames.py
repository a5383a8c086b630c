"""Usernames, which auth keeps unique, and profiles of the RealWorld API."""

from collections.abc import AsyncIterator

import pytest
from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient

from tests.matrix_table import operations
from tests.peers import Peers
from tests.users.conftest import SignedIn
from users.config import Settings
from users.main import create_app


@pytest.fixture(scope="module")
async def conduit(settings: Settings, peers: Peers) -> AsyncIterator[AsyncClient]:
    app = create_app(settings.model_copy(update={"conduit": True}), peers)
    async with (
        app.router.lifespan_context(app),
        AsyncClient(transport=ASGITransport(app), base_url="http://users.test") as client,
    ):
        await app.state.revoked.read()
        yield client


def named(peers: Peers, name: str | None, version: int = 1, account: int | None = None) -> int:
    """An account with a username; given an account, its new state."""
    account = account or peers.new_account()
    event = peers.accounts[account]
    peers.accounts[account] = event | {"version": version, "data": event["data"] | {"username": name}}
    return account


async def found(client: AsyncClient, names: str) -> list[int]:
    reply = await client.get("/users", params={"usernames": names})
    assert reply.status_code == 200, reply.text
    return [profile["id"] for profile in reply.json()["items"]]


async def test_people_are_found_by_username_in_any_case_or_by_id(
    client: AsyncClient, peers: Peers, signed_in: SignedIn
) -> None:
    ada, bob, nameless = named(peers, "Ada_1"), named(peers, "bob"), named(peers, None)
    for person in (ada, bob, nameless):
        assert (await client.get("/users/me", headers=signed_in(person))).status_code == 200
    assert await found(client, f"bob,unknown,ada_1,~{nameless},ADA_1") == [bob, ada, nameless]
    profile = (await client.get("/users", params={"usernames": "ada_1"})).json()["items"][0]
    assert (profile["username"], profile["email"]) == ("Ada_1", None)
    for wrong in ("", ",", "a b", "~0", "~x", "x" * 41, ",".join(["a"] * 101)):
        reply = await client.get("/users", params={"usernames": wrong})
        assert (reply.status_code, reply.json()["code"]) == (422, "bad-usernames"), wrong
    assert (await client.get("/users?usernames=a&ids=1")).json()["code"] == "ids-or-query"


async def test_for_a_moment_two_profiles_may_have_a_name_and_the_newer_account_counts(
    client: AsyncClient, peers: Peers, signed_in: SignedIn
) -> None:
    former, new = named(peers, "moving"), named(peers, "moving")
    for person in (former, new):
        await client.get("/users/me", headers=signed_in(person))
    assert await found(client, "moving") == [new]


async def test_without_the_setting_there_is_no_such_route(app: FastAPI, settings: Settings, peers: Peers) -> None:
    assert not {operation for operation in operations(app) if "conduit" in operation}
    on = create_app(settings.model_copy(update={"conduit": True}), peers)
    assert operations(on) - operations(app) == {"PATCH /users/conduit/me"}


async def test_a_changed_account_is_read_at_once(conduit: AsyncClient, peers: Peers, signed_in: SignedIn) -> None:
    ada = named(peers, "before")
    await conduit.get("/users/me", headers=signed_in(ada))
    named(peers, "after", version=2, account=ada)
    reply = await conduit.patch("/users/conduit/me", json={}, headers=signed_in(ada))
    assert (reply.status_code, reply.json()["username"]) == (200, "after")
    assert await found(conduit, "before") == []
    assert (await conduit.patch("/users/conduit/me", json={})).status_code == 401


async def test_a_picture_is_any_text_there_and_https_elsewhere(
    conduit: AsyncClient, client: AsyncClient, peers: Peers, signed_in: SignedIn
) -> None:
    ada = named(peers, "pictured")
    picture = "javascript:alert('\"<>')"
    told = await conduit.patch("/users/conduit/me", json={"avatar_url": picture, "bio": "b"}, headers=signed_in(ada))
    assert (told.json()["avatar_url"], told.json()["bio"]) == (picture, "b")
    refused = await client.patch("/users/me", json={"avatar_url": picture}, headers=signed_in(ada))
    assert refused.json()["code"] == "validation-failed"
