"""skeleton's authorization matrix: each operation by each kind of caller. Mechanism: `tests/matrix.py`."""

import uuid
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest
from fastapi import FastAPI
from httpx import AsyncClient

from tests.callers import callers, keys_of
from tests.events import Outbox
from tests.matrix import Matrix
from tests.matrix_table import complaints, read
from tests.parked import ACT, park
from tests.peers import Peers, ended

# Callers: anonymous; a person; a moderator; an admin; people whose tokens are no longer valid; auth; users; a service's
# token for another service; and the person's API key with all scopes.
TABLE = """
method path                          thing   anon  owner other moder admin gone  auth  users stray key
GET    /skeleton/me                  account 401   200   404   404   404   401   403   403   401   200
PUT    /skeleton/me                  account 401   200   200   200   200   401   403   403   401   200
GET    /skeleton/admin/parked-events none    401   403   403   403   200   401   403   403   401   403
POST   /skeleton/admin/parked-events/replay parked 401 403 403 403 204 401   403   403   401   403
POST   /skeleton/admin/parked-events/drop parked 401 403  403   403   204   401   403   403   401   403
POST   /internal/events              ended   401   403   403   403   403   401   204   403   401   403
GET    /internal/export/{account_id} account 401   403   403   403   403   401   403   200   401   403
GET    /livez                        none    200   200   200   200   200   200   200   200   200   200
GET    /readyz                       none    200   200   200   200   200   200   200   200   200   200
GET    /metrics                      none    200   200   200   200   200   200   200   200   200   200
"""
LINES = read(TABLE)
BODIES: dict[str, dict[str, Any]] = {
    "POST /skeleton/admin/parked-events/replay": ACT,
    "POST /skeleton/admin/parked-events/drop": ACT,
    "POST /internal/events ended": {"events": [ended(str(uuid.uuid4()))]},
}


@pytest.fixture
async def matrix(app: FastAPI, client: AsyncClient, peers: Peers, outbox: Outbox) -> AsyncIterator[Matrix]:
    people, headers = await callers(app, client, peers, "skeleton")
    assert (await client.put("/skeleton/me", headers=headers["owner"][0])).status_code == 200

    connection = await asyncpg.connect(outbox.dsn)

    async def thing(name: str) -> dict[str, Any]:
        return await park(connection) if name == "parked" else {"account_id": people["owner"]}

    yield Matrix(app, client, connection, LINES, headers, thing, BODIES, {}, keys_of(peers, people["owner"]))
    await connection.close()


def test_every_operation_has_its_line(app: FastAPI) -> None:
    """S-31: deny by default."""
    assert complaints(app, LINES, "tests/skeleton/test_matrix.py") == []


async def test_everybody_gets_what_the_table_says(matrix: Matrix) -> None:
    """S-28, S-29, S-31, S-31b"""
    assert await matrix.try_cells() == []


async def test_no_other_verb_gains_anything(matrix: Matrix) -> None:
    """S-31, S-43: neither as the method nor in a header or a parameter."""
    assert await matrix.try_other_verbs() == []
    assert await matrix.try_overrides() == []


async def test_a_key_needs_the_scope_that_the_document_names(matrix: Matrix) -> None:
    """S-31, RFC 6750"""
    assert await matrix.try_scopes() == []
