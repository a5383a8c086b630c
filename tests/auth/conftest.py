"""auth's app on a database of its own, and people who have signed up."""

import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from itertools import count

import pytest
from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient, Response

from auth.config import Settings
from auth.main import create_app
from tests.conftest import Cloner

PASSWORD = "a long enough passphrase"


@dataclass(frozen=True)
class Person:
    id: int
    email: str
    password: str


@pytest.fixture(scope="module")
async def settings(database_of: Cloner) -> Settings:
    secret = {"key_encryption_key": secrets.token_urlsafe(32), "refresh_key": secrets.token_urlsafe(32)}
    return Settings.model_validate({**await database_of("auth"), **secret, "cors_origins": ["http://app.example"]})


@pytest.fixture(scope="module")
async def app(settings: Settings) -> AsyncIterator[FastAPI]:
    app = create_app(settings)
    async with app.router.lifespan_context(app):
        await app.state.keys.load()
        yield app


@pytest.fixture(scope="module")
async def client(app: FastAPI) -> AsyncIterator[AsyncClient]:
    transport = ASGITransport(app, raise_app_exceptions=False)
    async with AsyncClient(transport=transport, base_url="http://auth.test") as client:
        yield client


numbers = count()

SignUp = Callable[[], Awaitable[Person]]
SignIn = Callable[[Person], Awaitable[Response]]


@pytest.fixture
def sign_up(client: AsyncClient) -> SignUp:
    async def sign_up() -> Person:
        email = f"person{next(numbers)}@example.com"
        reply = await client.post("/auth/register", json={"email": email, "password": PASSWORD, "name": "Ada"})
        assert reply.status_code == 201, reply.text
        return Person(reply.json()["id"], email, PASSWORD)

    return sign_up


@pytest.fixture
def sign_in(client: AsyncClient) -> SignIn:
    async def sign_in(person: Person) -> Response:
        return await client.post("/auth/token", data={"username": person.email, "password": person.password})

    return sign_in
