"""Everything about oneself, from all services, as one document."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import uvicorn
from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient

from deploy.local.ports import free_port
from tests.peers import Peers
from tests.users.conftest import SignedIn
from users.config import Settings
from users.main import create_app

AUTH, POSTS = 8001, 8003


@pytest.fixture(autouse=True)
def nothing_elsewhere(peers: Peers) -> None:
    peers.exports.clear()


async def export(client: AsyncClient, headers: dict[str, str]) -> Any:
    reply = await client.get("/users/me/export", headers=headers)
    assert reply.status_code == 200, reply.text
    return reply.json()


async def test_the_export_is_all_that_the_three_services_say(
    client: AsyncClient, peers: Peers, signed_in: SignedIn
) -> None:
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
    peers.exports[POSTS] = {
        "": {"sections": {"posts": [{"id": 1}, {"id": 2}]}, "next": "posts:2"},
        "posts:2": {"sections": {"posts": [{"id": 3}], "drafts": [], "comments": [{"body": "ja"}]}, "next": "likes:6"},
        "likes:6": {"sections": {"likes": [{"post_id": 7}]}, "next": None},
    }
    reply = await client.get("/users/me/export", headers=signed_in(ada))
    assert reply.headers["content-type"] == "application/json"
    assert reply.headers["content-disposition"] == f'attachment; filename="trivium-export-{ada}.json"'
    assert reply.headers["cache-control"] == "no-store"
    document = reply.json()
    assert list(document) == ["account_id", "exported_at", "auth", "users", "posts", "complete"]
    assert (document["account_id"], document["complete"]) == (ada, True)
    assert document["auth"] == {"account": [{"id": ada}], "sessions": []}
    assert document["posts"] == {
        "posts": [{"id": 1}, {"id": 2}, {"id": 3}],
        "drafts": [],
        "comments": [{"body": "ja"}],
        "likes": [{"post_id": 7}],
    }
    users = document["users"]
    (profile,) = users["profile"]
    assert (profile["id"], profile["bio"]) == (ada, "Poetical\nscience. ü")
    assert profile["email"] == f"person{ada}@example.com"
    people = {name: [(person["id"], person["name"]) for person in users[name]] for name in list(users)[1:]}
    assert people == {"following": [(grace, "Grace")], "followers": [(grace, "Grace")], "blocked": [(eve, "Eve")]}


async def test_who_has_only_just_signed_up_has_an_export(
    client: AsyncClient, peers: Peers, signed_in: SignedIn
) -> None:
    ada = peers.new_account()
    assert (await export(client, signed_in(ada)))["users"]["profile"][0]["id"] == ada
    assert (await client.get("/users/me/export")).status_code == 401


async def test_long_sections_are_whole(client: AsyncClient, peers: Peers, signed_in: SignedIn, app: FastAPI) -> None:
    """More rows than one statement gives."""
    ada = peers.new_account()
    fans = sorted(peers.new_account() for _ in range(520))
    tell = [peers.accounts[account_id] for account_id in (ada, *fans)]
    for start in range(0, len(tell), 100):
        events = {"events": tell[start : start + 100]}
        await client.post("/internal/events", json=events, headers=peers.issuer.service("auth", "users"))
    for start in range(0, len(fans), 20):
        few = fans[start : start + 20]
        await asyncio.gather(*(client.put(f"/users/{ada}/follow", headers=signed_in(fan)) for fan in few))
    held = []
    async for part in await app.state.export.begin(ada):
        held.append(app.state.database.reading.pool.checkedout())
        assert part.service
    assert set(held) == {0}, "a connection waits for the reader"
    followers = (await export(client, signed_in(ada)))["users"]["followers"]
    assert sorted(follower["id"] for follower in followers) == fans


@pytest.mark.parametrize("port", [AUTH, POSTS])
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
    """The app on a real socket: what is at stake is the end of a connection."""
    port = free_port()
    server = uvicorn.Server(uvicorn.Config(app, port=port, log_config=None, lifespan="off", ws="none"))
    task = asyncio.create_task(server._serve())
    while not server.started:  # noqa: ASYNC110  # uvicorn has no event for it
        await asyncio.sleep(0.01)
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    await task


async def test_an_export_that_breaks_off_is_seen_to_be_broken(address: str, peers: Peers, signed_in: SignedIn) -> None:
    ada = peers.new_account()
    peers.exports[POSTS] = {"": {"sections": {"posts": [{"id": 1}]}, "next": "posts:1"}}
    received = bytearray()

    async def download() -> None:
        path, headers = f"{address}/users/me/export", signed_in(ada)
        async with AsyncClient() as http, http.stream("GET", path, headers=headers) as reply:
            assert reply.status_code == 200
            async for chunk in reply.aiter_bytes():
                received.extend(chunk)

    with pytest.raises(httpx.RemoteProtocolError, match="incomplete"):
        await download()
    assert received.endswith(b'"posts":{"posts":[{"id":1}')
    with pytest.raises(json.JSONDecodeError):
        json.loads(received)


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
