"""users' authorization matrix: each operation by each kind of caller (S-31, S-31b). Mechanism: `tests/matrix.py`."""

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
from tests.peers import Peers, ended, event
from tests.pictures import sent, uploaded

# Callers: anonymous; the owner of the thing; another person; one whom the owner has blocked; a moderator; an admin;
# people whose tokens are no longer valid (account disabled, session ended); the three services; a service's token for
# another; the owner's API key with all scopes. Things: the owner's profile; a parked event; a picture
# that is uploaded, or shown; for internal routes, events of auth and of posts. `/users/me` is the caller's.
TABLE = """
method path                                thing   anon  owner other block moder admin gone  users posts auth  stray key
GET    /users?ids={user_id}                profile 200   200   200   200   200   200   401   403   403   403   401   200
GET    /users?q=owner                      profile 200   200   200   200   200   200   401   403   403   403   401   200
GET    /users/me                           profile 401   200   200   200   200   200   401   403   403   403   401   200
PATCH  /users/me                           profile 401   200   200   200   200   200   401   403   403   403   401   200
GET    /users/me/export                    profile 401   200   200   200   200   200   401   403   403   403   401   403
GET    /users/me/blocks                    profile 401   200   200   200   200   200   401   403   403   403   401   200
GET    /users/{user_id}                    profile 200   200   200   200   200   200   401   403   403   403   401   200
PUT    /users/{user_id}/follow             profile 401   400   204   403   204   204   401   403   403   403   401   400
DELETE /users/{user_id}/follow             profile 401   204   204   204   204   204   401   403   403   403   401   204
GET    /users/{user_id}/followers          profile 401   200   200   200   200   200   401   403   403   403   401   200
GET    /users/{user_id}/following          profile 401   200   200   200   200   200   401   403   403   403   401   200
PUT    /users/{user_id}/block              profile 401   400   204   204   204   204   401   403   403   403   401   400
DELETE /users/{user_id}/block              profile 401   204   204   204   204   204   401   403   403   403   401   204
POST   /users/pictures                     none    401   200   200   200   200   200   401   403   403   403   401   200
PUT    /users/pictures/{name}/original?{link} upload 204 204   204   204   204   204   204   204   204   204   204   204
PUT    /users/pictures/{name}/finished     upload  401   200   404   404   404   404   401   403   403   403   401   200
GET    /users/pictures/{file}              shown   200   200   200   200   200   200   200   200   200   200   200   200
GET    /users/admin/parked-events          none    401   403   403   403   403   200   401   403   403   403   401   403
POST   /users/admin/parked-events/replay   parked  401   403   403   403   403   204   401   403   403   403   401   403
POST   /users/admin/parked-events/drop     parked  401   403   403   403   403   204   401   403   403   403   401   403
POST   /internal/events                    ended   401   403   403   403   403   403   401   403   403   204   401   403
# begin: only with posts
POST   /internal/events                    author  401   403   403   403   403   403   401   403   204   403   401   403
# end: only with posts
GET    /internal/profiles                  profile 401   403   403   403   403   403   401   403   200   403   401   403
GET    /internal/follows                   profile 401   403   403   403   403   403   401   403   200   403   401   403
GET    /internal/blocks                    profile 401   403   403   403   403   403   401   403   200   403   401   403
GET    /livez                              none    200   200   200   200   200   200   200   200   200   200   200   200
GET    /readyz                             none    200   200   200   200   200   200   200   200   200   200   200   200
GET    /metrics                            none    200   200   200   200   200   200   200   200   200   200   200   200
"""
LINES = read(TABLE)
BODIES: dict[str, dict[str, Any]] = {
    "POST /users/admin/parked-events/replay": ACT,
    "POST /users/admin/parked-events/drop": ACT,
    "PATCH /users/me": {"bio": "Poetical science."},
    "POST /internal/events ended": {"events": [ended(str(uuid.uuid4()))]},
    "POST /internal/events author": {"events": [event("author", {"posts_count": 3}, 5)]},  # only with posts
}
PRIVATE = {"email": {"owner", "admin", "key"}}


@pytest.fixture
async def matrix(app: FastAPI, client: AsyncClient, peers: Peers, outbox: Outbox) -> AsyncIterator[Matrix]:
    people, headers = await callers(app, client, peers, "users")
    for caller in (
        "owner",
        "other",
        "block",
        "moder",
        "admin",
    ):  # otherwise they would arrive in a cell that must change nothing
        assert (await client.get("/users/me", headers=headers[caller][0])).status_code == 200
    owner = people["owner"]
    assert (await client.put(f"/users/{people['block']}/block", headers=headers["owner"][0])).status_code == 204

    connection = await asyncpg.connect(outbox.dsn)

    async def thing(name: str) -> dict[str, Any]:
        if name == "parked":
            return await park(connection)
        await connection.execute("DELETE FROM pictures")  # a person may have three unfinished ones
        if name == "upload":
            return await sent(client, "users", headers["owner"][0])
        if name == "shown":
            found = await uploaded(client, "users", headers["owner"][0])
            return {"file": f"{found['name']}.webp"}
        return {"user_id": owner, "email": peers.accounts[owner]["data"]["email"]}

    yield Matrix(app, client, connection, LINES, headers, thing, BODIES, PRIVATE, keys_of(peers, people["owner"]))
    await connection.close()


def test_every_operation_has_its_line(app: FastAPI) -> None:
    """S-31: deny by default."""
    assert complaints(app, LINES, "tests/users/test_matrix.py") == []


async def test_everybody_gets_what_the_table_says(matrix: Matrix) -> None:
    """S-28, S-29, S-31, S-31b: 0 wrong cells, no private address, no field beyond the schema."""
    assert await matrix.try_cells() == []
    assert matrix.told == {(name, caller) for name, callers in PRIVATE.items() for caller in callers}


async def test_no_other_verb_gains_anything(matrix: Matrix) -> None:
    """S-31, S-43: neither as the method nor in a header or a parameter."""
    assert await matrix.try_other_verbs() == []
    assert await matrix.try_overrides() == []


async def test_nothing_can_be_assigned_that_is_not_the_callers(matrix: Matrix) -> None:
    """S-31b"""
    assert await matrix.try_assignments() == []


async def test_a_key_needs_the_scope_that_the_document_names(matrix: Matrix) -> None:
    """S-31, RFC 6750"""
    assert await matrix.try_scopes() == []
