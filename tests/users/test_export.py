"""The export of the caller's data from all services, as one document."""

import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import uvicorn
from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient

from common.events.exports import AccountGone
from common.services import EXPORTERS
from deploy.local.ports import free_port
from deploy.services import REGISTRY
from tests.events import Outbox
from tests.peers import GONE, Peers, ended, gone, revoked
from tests.servers import listening
from tests.users.conftest import SignedIn
from tests.waiting import GENEROUS
from users.config import Settings
from users.main import create_app

AUTH = REGISTRY["auth"].port
OTHERS = [REGISTRY[name].port for name in EXPORTERS if name != "users"]


@pytest.fixture(autouse=True)
def nothing_elsewhere(peers: Peers) -> None:
    peers.exports.clear()


async def export(client: AsyncClient, headers: dict[str, str]) -> Any:
    reply = await client.get("/users/me/export", headers=headers)
    assert reply.status_code == 200, reply.text
    return reply.json()


async def test_the_export_is_all_that_the_services_say(client: AsyncClient, peers: Peers, signed_in: SignedIn) -> None:
    ada, grace, eve = peers.new_account("Ada"), peers.new_account("Grace"), peers.new_account("Eve")
    for method, path, caller in (
        ("PUT", f"/users/{grace}/follow", ada),
        ("PUT", f"/users/{ada}/follow", grace),
        ("PUT", f"/users/{eve}/block", ada),
        ("PUT", f"/users/{ada}/block", eve),
    ):
        assert (await client.request(method, path, headers=signed_in(caller))).status_code == 204
    await client.patch("/users/me", json={"bio": "Poetical\nscience. ü"}, headers=signed_in(ada))
    peers.exports[AUTH] = {"": {"sections": {"account": [{"id": ada}], "sessions": []}, "next": None}}
    # begin: only with posts
    peers.exports[REGISTRY["posts"].port] = {
        "": {"sections": {"posts": [{"id": 1}, {"id": 2}]}, "next": "posts:2"},
        "posts:2": {"sections": {"posts": [{"id": 3}], "drafts": [], "comments": [{"body": "ja"}]}, "next": "likes:6"},
        "likes:6": {"sections": {"likes": [{"post_id": 7}]}, "next": None},
    }
    # end: only with posts
    reply = await client.get("/users/me/export", headers=signed_in(ada))
    assert reply.headers["content-type"] == "application/json"
    assert reply.headers["content-disposition"] == f'attachment; filename="trivium-export-{ada}.json"'
    assert reply.headers["cache-control"] == "no-store"
    document = reply.json()
    assert list(document) == ["account_id", "exported_at", *EXPORTERS, "complete"]
    assert (document["account_id"], document["complete"]) == (ada, True)
    assert document["auth"] == {"account": [{"id": ada}], "sessions": []}
    # begin: only with posts
    assert document["posts"] == {
        "posts": [{"id": 1}, {"id": 2}, {"id": 3}],
        "drafts": [],
        "comments": [{"body": "ja"}],
        "likes": [{"post_id": 7}],
    }
    # end: only with posts
    users = document["users"]
    (profile,) = users["profile"]
    assert (profile["id"], profile["bio"]) == (ada, "Poetical\nscience. ü")
    assert profile["email"] == f"person{ada}@example.com"
    assert list(users) == ["profile", "following", "followers", "blocked", "pictures"]
    edges = ("following", "followers", "blocked")
    people = {name: [(person["id"], person["name"]) for person in users[name]] for name in edges}
    assert people == {"following": [(grace, "Grace")], "followers": [(grace, "Grace")], "blocked": [(eve, "Eve")]}


async def test_who_has_only_just_signed_up_has_an_export(
    client: AsyncClient, peers: Peers, signed_in: SignedIn
) -> None:
    ada = peers.new_account()
    assert (await export(client, signed_in(ada)))["users"]["profile"][0]["id"] == ada
    assert (await client.get("/users/me/export")).status_code == 401


async def still_good() -> None:
    """A token that is."""


async def test_long_sections_are_whole(
    client: AsyncClient, peers: Peers, signed_in: SignedIn, app: FastAPI, outbox: Outbox
) -> None:
    """More rows than one statement gives."""
    ada = peers.new_account()
    fans = sorted(peers.new_account() for _ in range(520))
    tell = [peers.accounts[account_id] for account_id in (ada, *fans)]
    for start in range(0, len(tell), 100):
        events = {"events": tell[start : start + 100]}
        await client.post("/internal/events", json=events, headers=peers.issuer.service("auth", "users"))
    follow = "INSERT INTO follows (follower_id, followee_id, active) SELECT unnest($1::bigint[]), $2, true"
    await outbox.rows(follow, fans, ada)
    held = []
    async for part in await app.state.export.begin(ada, still_good):
        held.append(app.state.database.reading.pool.checkedout())
        assert part.service
    assert set(held) == {0}, "a connection waits for the reader"
    followers = (await export(client, signed_in(ada)))["users"]["followers"]
    assert sorted(follower["id"] for follower in followers) == fans


@pytest.mark.parametrize("port", OTHERS)
async def test_a_service_that_is_away_is_said_before_anything_is_sent(
    client: AsyncClient, peers: Peers, signed_in: SignedIn, port: int
) -> None:
    ada = peers.new_account()
    peers.exports[port] = {}
    reply = await client.get("/users/me/export", headers=signed_in(ada))
    assert (reply.status_code, reply.json()["code"]) == (503, "peer-unavailable")
    assert "retry-after" in reply.headers


@pytest.fixture
async def address(app: FastAPI) -> AsyncIterator[str]:
    """The app on a real socket, since the tests depend on the end of the connection."""
    port = free_port()
    async with listening(uvicorn.Config(app, port=port, log_config=None, lifespan="off", ws="none")):
        yield f"http://127.0.0.1:{port}"


async def broken_off(address: str, headers: dict[str, str]) -> bytes:
    """The content of an interrupted export, which the client detects."""
    received = bytearray()

    async def download() -> None:
        async with (
            AsyncClient(timeout=GENEROUS) as http,
            http.stream("GET", f"{address}/users/me/export", headers=headers) as reply,
        ):
            assert reply.status_code == 200
            async for chunk in reply.aiter_bytes():
                received.extend(chunk)

    with pytest.raises(httpx.RemoteProtocolError, match="incomplete"):
        await download()
    with pytest.raises(json.JSONDecodeError):
        json.loads(received)
    return bytes(received)


async def test_an_export_that_breaks_off_is_seen_to_be_broken(address: str, peers: Peers, signed_in: SignedIn) -> None:
    ada = peers.new_account()
    peers.exports[AUTH] = {"": {"sections": {"account": [{"id": 1}]}, "next": "account:1"}}
    assert (await broken_off(address, signed_in(ada))).endswith(b'"auth":{"account":[{"id":1}')


LAST_PAGE = {
    "": {"sections": {"account": [{"id": 1}]}, "next": "account:1"},
    "account:1": {"sections": {"account": [{"id": 2}], "sessions": []}, "next": None},
}


@pytest.mark.parametrize("way", ["signed out", "disabled", "expired"])
async def test_an_export_ends_with_its_token(
    address: str, app: FastAPI, peers: Peers, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    """S-26, S-27: nothing that is read after that is sent."""
    ada = peers.new_account()
    peers.exports[AUTH] = LAST_PAGE
    claims = peers.issuer.claims(ada)
    headers = {"Authorization": f"Bearer {peers.issuer.sign(claims)}"}

    async def end(after: str) -> None:
        if after != "account:1":
            return
        if way == "expired":
            monkeypatch.setattr(app.state.verifier, "_now", lambda: claims["exp"] + 60)
            return
        told = ended(claims["sid"]) if way == "signed out" else revoked(ada, claims["iat"] + 1)
        service = peers.issuer.service("auth", "users")
        async with AsyncClient(base_url=address, timeout=GENEROUS) as auth:
            assert (await auth.post("/internal/events", json={"events": [told]}, headers=service)).status_code == 204
        await app.state.revoked.read()

    monkeypatch.setattr(peers, "before_page", end)
    received = await broken_off(address, headers)
    assert b'{"id":1}' in received
    assert b'{"id":2}' not in received


@pytest.mark.parametrize("port", OTHERS)
async def test_an_export_of_an_account_that_is_deleted_meanwhile_is_never_complete(
    address: str, peers: Peers, signed_in: SignedIn, port: int
) -> None:
    """Also before its token is known to be revoked: each page of an account in erasure is refused."""
    peers.exports[port] = {"": {"sections": {"account": [{"id": 1}]}, "next": "account:1"}, "account:1": GONE}
    assert b"complete" not in await broken_off(address, signed_in(peers.new_account()))


async def test_an_export_of_an_account_that_is_gone_everywhere_else_is_of_nobody(
    client: AsyncClient, peers: Peers, signed_in: SignedIn
) -> None:
    peers.exports[OTHERS[-1]] = {"": GONE}
    reply = await client.get("/users/me/export", headers=signed_in(peers.new_account()))
    assert (reply.status_code, reply.json()["code"]) == (404, "user-not-found")


async def test_own_rows_are_not_read_of_an_account_that_is_forgotten(
    client: AsyncClient, app: FastAPI, peers: Peers, signed_in: SignedIn
) -> None:
    ada = peers.new_account()
    await export(client, signed_in(ada))
    parts = await app.state.export.begin(ada, still_good)
    told = {"events": [gone(ada)]}
    await client.post("/internal/events", json=told, headers=peers.issuer.service("auth", "users"))
    assert [part.section async for part in parts], "what was read before may be handed on"
    with pytest.raises(AccountGone):
        await app.state.export.sources["users"].page(ada, None)


async def test_exports_are_counted_by_person(settings: Settings, peers: Peers, signed_in: SignedIn) -> None:
    """S-12"""
    app = create_app(settings.model_copy(update={"rate_limits": True, "rate_limit_export": 2}), peers)
    ada, grace = peers.new_account(), peers.new_account()
    async with app.router.lifespan_context(app):
        await app.state.revoked.read()
        async with AsyncClient(transport=ASGITransport(app), base_url="http://users.test") as client:
            replies = [await client.get("/users/me/export", headers=signed_in(ada)) for _ in range(3)]
            assert [reply.status_code for reply in replies] == [200, 200, 429]
            assert 3500 < int(replies[-1].headers["retry-after"]) <= 3600
            assert (await client.get("/users/me/export", headers=signed_in(grace))).status_code == 200
