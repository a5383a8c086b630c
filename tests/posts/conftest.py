"""posts' app with its own database, and stubs of the other services."""

import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest
from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient

from common.settings import LONGEST_CALL
from posts.config import Settings
from posts.main import create_app
from tests.conftest import Cloner, commits_fail
from tests.contract import Declared
from tests.database import Server
from tests.events import Outbox
from tests.peers import Peers
from tests.pictures import new_store
from tests.posts.reporting import Desk, Walk

SignedIn = Callable[..., dict[str, str]]


@pytest.fixture(scope="module")
async def settings(database_of: Cloner, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    # no pause, so that the next test can reach peers again; and a busy machine refuses nothing
    patient = {"breaker_pause": 0, "pool_timeout": timedelta(seconds=10), "call_deadline": LONGEST_CALL}
    own = {"client_secret": secrets.token_urlsafe(32), "relay": False, **patient}
    own["pictures_url"] = new_store(tmp_path_factory.mktemp("pictures"))
    return Settings.model_validate({**await database_of("posts"), **own})


@pytest.fixture(scope="module")
def peers() -> Peers:
    return Peers()


@pytest.fixture(scope="module")
async def app(settings: Settings, peers: Peers) -> AsyncIterator[FastAPI]:
    app = create_app(settings, peers)
    async with app.router.lifespan_context(app):
        await app.state.revoked.read()
        yield app


@pytest.fixture(scope="module")
async def client(app: FastAPI) -> AsyncIterator[AsyncClient]:
    declared = Declared(app)
    transport = ASGITransport(declared, raise_app_exceptions=False)
    async with AsyncClient(transport=transport, base_url="http://posts.test") as client:
        yield client
    assert declared.undeclared == []


@pytest.fixture
def signed_in(peers: Peers) -> SignedIn:
    """Headers of a signed-in person: `signed_in(account_id, *roles)`."""
    return peers.issuer.person


NewPost = Callable[..., Awaitable[dict[str, Any]]]


@pytest.fixture
def write(client: AsyncClient, signed_in: SignedIn) -> NewPost:
    """Create a post, published by default: `await write(author, tags=["a"])` -> the answer's JSON."""

    async def write(author: int, **fields: Any) -> dict[str, Any]:
        post = {"title": "First light", "body": "It was a clear night.", **fields}
        reply = await client.post("/posts", json=post, headers=signed_in(author))
        assert reply.status_code == 201, reply.text
        answer: dict[str, Any] = reply.json()
        return answer

    return write


@pytest.fixture
def walk(client: AsyncClient) -> Walk:
    """All items of a list, page by page, by its `Link` headers."""

    async def walk(url: str, headers: dict[str, str] | None = None) -> list[dict[str, Any]]:
        seen: list[dict[str, Any]] = []
        while url:
            reply = await client.get(url, headers=headers)
            assert reply.status_code == 200, reply.text
            seen += reply.json()["items"]
            assert (reply.json()["next_cursor"] is None) == ("next" not in reply.links)
            url = reply.links["next"]["url"] if reply.links else ""
        return seen

    return walk


@pytest.fixture
def desk(client: AsyncClient, peers: Peers, walk: Walk) -> Desk:
    """Reports and decides."""
    return Desk(client, peers, walk)


@pytest.fixture
async def failing_commits(server: Server, settings: Settings) -> AsyncIterator[None]:
    database = str(settings.database_url).rpartition("/")[2]
    async with commits_fail(server, database, "posts"):
        yield


@pytest.fixture
def outbox(server: Server, settings: Settings) -> Outbox:
    return Outbox(f"{server.dsn.rpartition('/')[0]}/{str(settings.database_url).rpartition('/')[2]}")
