"""users' app with its own database, and stubs of the other services."""

import secrets
from collections.abc import AsyncIterator, Callable
from datetime import timedelta

import pytest
from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient

from common.settings import LONGEST_CALL
from tests.conftest import Cloner
from tests.contract import Declared
from tests.database import Server
from tests.events import Outbox
from tests.peers import Peers
from tests.pictures import new_store
from users.config import Settings
from users.main import create_app

SignedIn = Callable[..., dict[str, str]]


@pytest.fixture(scope="module")
async def settings(database_of: Cloner, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    # no pause, so that the next test can reach peers again; and a busy machine refuses nothing
    patient = {"breaker_pause": 0, "pool_timeout": timedelta(seconds=10), "call_deadline": LONGEST_CALL}
    own = {"client_secret": secrets.token_urlsafe(32), "relay": False, **patient}
    own["pictures_url"] = new_store(tmp_path_factory.mktemp("pictures"))
    return Settings.model_validate({**await database_of("users"), **own})


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
    async with AsyncClient(transport=transport, base_url="http://users.test") as client:
        yield client
    assert declared.undeclared == []


@pytest.fixture
def signed_in(peers: Peers) -> SignedIn:
    """Headers of a signed-in person: `signed_in(account_id, *roles)`."""
    return peers.issuer.person


@pytest.fixture
def outbox(server: Server, settings: Settings) -> Outbox:
    return Outbox(f"{server.dsn.rpartition('/')[0]}/{str(settings.database_url).rpartition('/')[2]}")
