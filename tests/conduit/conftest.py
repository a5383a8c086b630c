"""conduit before the real auth, users and posts, all in this process. No relay runs, so no event ever arrives:
whatever these tests see at once, a front end sees at once."""

import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from itertools import count
from typing import Any

import asyncpg
import httpx
import pytest
from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient, Response

from auth.config import Settings as AuthSettings
from auth.main import create_app as create_auth
from auth.services.passwords import hashing
from auth.services.secret_hashes import hash_secret
from common.settings import LONGEST_CALL
from conduit.config import Settings
from conduit.main import create_app
from posts.config import Settings as PostsSettings
from posts.main import create_app as create_posts
from tests.auth.conftest import cheap_hasher
from tests.conftest import Cloner
from tests.contract import Declared
from tests.database import Server
from tests.waiting import GENEROUS
from users.config import Settings as UsersSettings
from users.main import create_app as create_users

PATIENT = {"breaker_pause": 0, "pool_timeout": timedelta(seconds=10), "call_deadline": LONGEST_CALL}
PORTS = {8001: "auth", 8002: "users", 8003: "posts"}


@dataclass
class Network(httpx.AsyncBaseTransport):
    """Carries requests to the apps of this process, and counts those of one caller."""

    apps: dict[str, FastAPI] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    away: set[str] = field(default_factory=set)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        name = PORTS[request.url.port or 0]
        self.calls.append(f"{name} {request.method} {request.url.path}")
        if name in self.away:
            raise httpx.ConnectError("away", request=request)
        transport = ASGITransport(self.apps[name], raise_app_exceptions=False)
        return await transport.handle_async_request(request)


@pytest.fixture(scope="module")
async def stack(
    database_of: Cloner, server: Server, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Network]:
    """auth, users and posts, with CONDUIT on."""
    between = Network()
    service_secrets = {name: secrets.token_urlsafe(32) for name in ("users", "posts")}
    own = {"relay": False, "conduit": True, **PATIENT}
    auth_secrets = {"key_encryption_key": secrets.token_urlsafe(32), "refresh_key": secrets.token_urlsafe(32)}
    mail = {"mail_dir": tmp_path_factory.mktemp("mail"), "trusted_proxies": ["127.0.0.1"]}
    database = await database_of("auth")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(hashing, "PATIENCE", GENEROUS)
        patch.setattr(hashing, "Argon2Hasher", cheap_hasher)
        between.apps["auth"] = create_auth(
            AuthSettings.model_validate({**database, **auth_secrets, **mail, **own}), between
        )
        for name, settings, create in (("users", UsersSettings, create_users), ("posts", PostsSettings, create_posts)):
            values = {**await database_of(name), "client_secret": service_secrets[name], **own}
            between.apps[name] = create(settings.model_validate(values), between)  # type: ignore[arg-type]
        superuser = await asyncpg.connect(server.dsn, database=str(database["database_url"]).rpartition("/")[2])
        for name, secret in service_secrets.items():
            statement = "INSERT INTO service_clients (client_id, secret_hash) VALUES ($1, $2)"
            await superuser.execute(statement, f"svc:{name}", hash_secret(secret))
        await superuser.close()
        async with AsyncExitStack() as running:
            for name, app in between.apps.items():
                await running.enter_async_context(app.router.lifespan_context(app))
                if name == "auth":
                    await app.state.keys.load()
                await app.state.revoked.read()
            yield between


@pytest.fixture(scope="module")
async def outgoing(stack: Network) -> Network:
    """conduit's own calls."""
    return Network(stack.apps)


@pytest.fixture(scope="module")
async def app(outgoing: Network) -> AsyncIterator[FastAPI]:
    app = create_app(Settings.model_validate(PATIENT), outgoing)
    async with app.router.lifespan_context(app):
        yield app


@pytest.fixture(scope="module")
async def client(app: FastAPI) -> AsyncIterator[AsyncClient]:
    declared = Declared(app)
    transport = ASGITransport(declared, raise_app_exceptions=False)
    async with AsyncClient(transport=transport, base_url="http://conduit.test") as client:
        yield client
    assert declared.undeclared == []


numbers = count()
RUN = secrets.token_hex(3)
"""These tests also run against stacks that keep their data (tests/system/conduit)."""


def unique(word: str) -> str:
    """A username or tag that nobody else has."""
    return f"{word}_{RUN}_{next(numbers)}"


@dataclass
class Person:
    """A front end's session."""

    client: AsyncClient
    name: str
    email: str
    token: str

    async def send(self, method: str, path: str, **body: Any) -> Response:
        """`await ada.send("POST", "/articles", article={…})`"""
        sent: dict[str, Any] = {"json": body} if body else {}
        headers = {"Authorization": f"Token {self.token}"}
        return await self.client.request(method, f"/api{path}", headers=headers, **sent)

    async def publish(self, **fields: Any) -> dict[str, Any]:
        article = {"title": "First light", "description": "In short.", "body": "It was a clear night.", **fields}
        reply = await self.send("POST", "/articles", article=article)
        assert reply.status_code == 201, reply.text
        published: dict[str, Any] = reply.json()["article"]
        return published


NewPerson = Callable[..., Awaitable[Person]]


async def sign_up(client: AsyncClient) -> Person:
    """A new person, signed in."""
    name = unique("person")
    user = {"username": name, "email": f"{name}@example.com", "password": "password123"}
    reply = await client.post("/api/users", json={"user": user})
    assert reply.status_code == 201, reply.text
    return Person(client, name, user["email"], reply.json()["user"]["token"])


@pytest.fixture
def new_person(client: AsyncClient) -> NewPerson:
    return partial(sign_up, client)
