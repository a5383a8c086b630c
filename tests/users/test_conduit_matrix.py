"""The authorization matrix of users' routes for the RealWorld API (S-31, S-31b). Mechanism: `tests/matrix.py`."""

from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest
from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient

from tests.callers import callers, keys_of
from tests.events import Outbox
from tests.matrix import Matrix
from tests.matrix_table import complaints, read
from tests.peers import Peers
from tests.users import test_matrix
from users.config import Settings
from users.main import create_app

# The callers of `test_matrix.py`. Each changes its own profile.
TABLE = """
method path                                thing   anon  owner other block moder admin gone  users posts auth  stray key
PATCH  /users/conduit/me                   profile 401   200   200   200   200   200   401   403   403   403   401   200
"""
LINES = read(TABLE)
BODIES: dict[str, dict[str, Any]] = {"PATCH /users/conduit/me": {"bio": "Poetical science."}}
PRIVATE = {"email": {"owner", "key"}}


@pytest.fixture(scope="module")
async def conduit_app(settings: Settings, peers: Peers) -> AsyncIterator[FastAPI]:
    app = create_app(settings.model_copy(update={"conduit": True}), peers)
    async with app.router.lifespan_context(app):
        await app.state.revoked.read()
        yield app


@pytest.fixture
async def matrix(conduit_app: FastAPI, peers: Peers, outbox: Outbox) -> AsyncIterator[Matrix]:
    transport = ASGITransport(conduit_app, raise_app_exceptions=False)
    async with AsyncClient(transport=transport, base_url="http://users.test") as client:
        people, headers = await callers(conduit_app, client, peers, "users")
        for caller in ("owner", "other", "block", "moder", "admin"):
            assert (await client.get("/users/me", headers=headers[caller][0])).status_code == 200

        async def thing(name: str) -> dict[str, Any]:
            return {"email": peers.accounts[people["owner"]]["data"]["email"]}

        connection = await asyncpg.connect(outbox.dsn)
        yield Matrix(
            conduit_app, client, connection, LINES, headers, thing, BODIES, PRIVATE, keys_of(peers, people["owner"])
        )
        await connection.close()


def test_every_operation_has_its_line(conduit_app: FastAPI) -> None:
    """S-31: deny by default."""
    assert complaints(conduit_app, [*LINES, *test_matrix.LINES], "tests/users/test_conduit_matrix.py") == []


async def test_everybody_gets_what_the_table_says(matrix: Matrix) -> None:
    """S-28, S-29, S-31, S-31b: 0 wrong cells, no private address, no field beyond the schema."""
    assert await matrix.try_cells() == []
    assert matrix.told == {("email", "owner"), ("email", "key")}


async def test_no_other_verb_gains_anything(matrix: Matrix) -> None:
    """S-31, S-43"""
    assert await matrix.try_other_verbs() == []


async def test_nothing_can_be_assigned_that_is_not_the_callers(matrix: Matrix) -> None:
    """S-31b"""
    assert await matrix.try_assignments() == []


async def test_a_key_needs_the_scope_that_the_document_names(matrix: Matrix) -> None:
    """S-31, RFC 6750"""
    assert await matrix.try_scopes() == []
