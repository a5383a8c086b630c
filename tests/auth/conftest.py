"""Fixtures: auth's app with its own database, accounts, some with roles, services, and a mint for forged tokens."""

import json
import secrets
from base64 import urlsafe_b64decode
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from ipaddress import ip_network
from itertools import count
from typing import Any, TypeAlias

import asyncpg
import pytest
from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient, Response
from pwdlib.hashers.argon2 import Argon2Hasher

from auth.config import Settings
from auth.main import create_app
from auth.repositories.unit_of_work import unit_of_work
from auth.services.administration.management import Management, Manager
from auth.services.passwords import hashing
from auth.services.records import Role
from auth.services.secret_hashes import hash_secret
from common.db.database import TransactionFactory
from common.services import CLIENTS
from tests.conftest import Cloner
from tests.contract import Declared
from tests.database import Server
from tests.events import Outbox
from tests.mint import Mint
from tests.waiting import GENEROUS

PASSWORD = "a long enough passphrase"
NEVER = "0" * 32  # a session that does not exist
Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"  # generic in its stubs only


@dataclass(frozen=True)
class Person:
    id: int
    email: str
    password: str


def cheap_hasher(**_: int) -> Argon2Hasher:
    """Argon2id at the lowest cost."""
    return Argon2Hasher(memory_cost=64, time_cost=1, parallelism=1)


@pytest.fixture(scope="module", autouse=True)
def cheap_hashing(request: pytest.FixtureRequest) -> Iterator[None]:
    """Hashing is cheap, and never refused on a busy machine. Modules with `REAL_HASHES = True` test the real cost."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(hashing, "NICE", 0)  # a nice thread would hardly run beside busy processes
        if not getattr(request.module, "REAL_HASHES", False):
            patch.setattr(hashing, "Argon2Hasher", cheap_hasher)
        yield


@pytest.fixture(scope="module")
async def settings(database_of: Cloner, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    secret = {"key_encryption_key": secrets.token_urlsafe(32), "refresh_key": secrets.token_urlsafe(32)}
    return Settings.model_validate(
        {
            **await database_of("auth"),
            **secret,
            "relay": False,
            "pool_timeout": timedelta(seconds=GENEROUS),
            "cors_origins": ["http://app.example"],
            "mail_dir": tmp_path_factory.mktemp("mail"),
        }
    )


@asynccontextmanager
async def running(settings: Settings) -> AsyncIterator[FastAPI]:
    """auth's app with these settings, its keys loaded."""
    app = create_app(settings)
    async with app.router.lifespan_context(app):
        await app.state.keys.load()
        await app.state.revoked.read()
        yield app


def client_of(app: FastAPI | Declared, peer: str = "127.0.0.1") -> AsyncClient:
    transport = ASGITransport(app, raise_app_exceptions=False, client=(peer, 40_000))
    return AsyncClient(transport=transport, base_url="http://auth.test")


@pytest.fixture(scope="module")
async def app(settings: Settings) -> AsyncIterator[FastAPI]:
    async with running(settings) as app:
        yield app


@pytest.fixture(scope="module")
async def client(app: FastAPI) -> AsyncIterator[AsyncClient]:
    declared = Declared(app)
    async with client_of(declared) as client:
        yield client
    assert declared.undeclared == []


@pytest.fixture(scope="module")
async def superuser(server: Server, settings: Settings) -> AsyncIterator[Connection]:
    """A separate connection to the module's database, to inspect tables and to shift times."""
    connection = await asyncpg.connect(server.dsn, database=str(settings.database_url.path).lstrip("/"))
    yield connection
    await connection.close()


@pytest.fixture(scope="module")
async def proxied(settings: Settings) -> AsyncIterator[FastAPI]:
    """auth behind a proxy that sets the client's address."""
    async with running(settings.model_copy(update={"trusted_proxies": [ip_network("127.0.0.1")]})) as app:
        yield app


@pytest.fixture(scope="module")
async def gateway(proxied: FastAPI) -> AsyncIterator[AsyncClient]:
    async with client_of(proxied) as client:
        yield client


numbers = count()


def new_email() -> str:
    return f"person{next(numbers)}@example.com"


SignUp = Callable[[], Awaitable[Person]]
SignIn = Callable[[Person], Awaitable[Response]]
SignedIn = Callable[[], Awaitable[dict[str, Any]]]


@pytest.fixture
def sign_up(client: AsyncClient) -> SignUp:
    async def sign_up() -> Person:
        email = new_email()
        reply = await client.post("/auth/register", json={"email": email, "password": PASSWORD, "name": "Ada"})
        assert reply.status_code == 201, reply.text
        return Person(reply.json()["id"], email, PASSWORD)

    return sign_up


@pytest.fixture
def sign_in(client: AsyncClient) -> SignIn:
    async def sign_in(person: Person) -> Response:
        return await client.post("/auth/token", data={"username": person.email, "password": person.password})

    return sign_in


@pytest.fixture
def signed_in(sign_up: SignUp, sign_in: SignIn) -> SignedIn:
    """The tokens of a new account."""

    async def signed_in() -> dict[str, Any]:
        reply = await sign_in(await sign_up())
        assert reply.status_code == 200, reply.text
        tokens: dict[str, Any] = reply.json()
        return tokens

    return signed_in


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


async def refresh(client: AsyncClient, token: str) -> Response:
    return await client.post("/auth/token", data={"grant_type": "refresh_token", "refresh_token": token})


@pytest.fixture(scope="module")
async def service_secrets(superuser: Connection) -> dict[str, str]:
    """The secrets with which the other services may sign in."""
    known = {f"svc:{service}": secrets.token_urlsafe(32) for service in CLIENTS}
    for client_id, secret in known.items():
        await superuser.execute(
            "INSERT INTO service_clients (client_id, secret_hash) VALUES ($1, $2)", client_id, hash_secret(secret)
        )
    return known


ServiceSignIn = Callable[..., Awaitable[str]]


@pytest.fixture
def service_token(client: AsyncClient, service_secrets: dict[str, str]) -> ServiceSignIn:
    async def service_token(client_id: str, audience: str = "auth") -> str:
        form = {"grant_type": "client_credentials", "client_id": client_id, "audience": audience}
        reply = await client.post("/auth/token", data={**form, "client_secret": service_secrets[client_id]})
        assert reply.status_code == 200, reply.text
        return str(reply.json()["access_token"])

    return service_token


@pytest.fixture(scope="module")
async def mint(app: FastAPI, client: AsyncClient, settings: Settings) -> Mint:
    person = {"email": new_email(), "password": PASSWORD, "name": "Ada"}
    account_id = (await client.post("/auth/register", json=person)).json()["id"]
    kid, key = app.state.keys.active()
    return Mint(kid, key, settings.issuer, account_id, "auth")


SERVER = Manager(account_id=None)


@dataclass
class Member:
    """A signed-in account."""

    person: Person
    tokens: dict[str, Any] = field(repr=False)

    @property
    def id(self) -> int:
        return self.person.id

    @property
    def headers(self) -> dict[str, str]:
        return bearer(self.tokens["access_token"])


Join = Callable[..., Awaitable[Member]]


@pytest.fixture
def join(sign_up: SignUp, sign_in: SignIn, manage: "Manage") -> Join:
    """Create an account with roles and sign it in: `await join(Role.admin)`."""

    async def join(*roles: Role) -> Member:
        person = await sign_up()
        if roles:
            await manage(lambda management: management.change(person.id, SERVER, roles=roles))
        return Member(person, (await sign_in(person)).json())

    return join


Manage = Callable[[Callable[[Management], Awaitable[Any]]], Awaitable[Any]]


@pytest.fixture
def manage(app: FastAPI) -> Manage:
    """Do the same as the server's command line, in a transaction of its own."""
    transactions = TransactionFactory(app.state.database, lambda session: unit_of_work(session, app.state.lifetimes))

    async def manage(act: Callable[[Management], Awaitable[Any]]) -> Any:
        async with transactions() as work:
            return await act(Management(work))

    return manage


@pytest.fixture
async def only_admin(superuser: Connection, join: Join) -> Member:
    """The only admin."""
    await superuser.execute("UPDATE accounts SET roles = '{}'")
    return await join(Role.admin)


@pytest.fixture
def learn(app: FastAPI) -> Callable[[], Awaitable[None]]:
    """Let the service read revocations now, instead of each second."""
    return lambda: app.state.revoked.read()


Learn = Callable[[], Awaitable[None]]


def roles_in(token: str) -> list[str]:
    payload = token.split(".")[1]
    found: list[str] = json.loads(urlsafe_b64decode(payload + "=" * (-len(payload) % 4))).get("roles", [])
    return found


@pytest.fixture
def outbox(server: Server, settings: Settings) -> Outbox:
    return Outbox(f"{server.dsn.rpartition('/')[0]}/{str(settings.database_url).rpartition('/')[2]}")


def outcome(reply: Response) -> tuple[int, str]:
    return reply.status_code, reply.json()["code"]


async def patch(
    client: AsyncClient, by: Member, whom: int, headers: dict[str, str] | None = None, **body: Any
) -> Response:
    return await client.patch(f"/auth/accounts/{whom}", json=body, headers={**by.headers, **(headers or {})})
