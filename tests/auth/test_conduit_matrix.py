"""The authorization matrix of auth's routes for the RealWorld API (S-31, S-31b). Mechanism: `tests/matrix.py`."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from fastapi import FastAPI

from auth.config import Settings
from auth.services.records import Role
from common.tokens.scopes import KEY_SCOPES
from tests.auth import test_matrix
from tests.auth.conftest import (
    SERVER,
    Connection,
    Join,
    Manage,
    ServiceSignIn,
    SignUp,
    bearer,
    client_of,
    new_email,
    running,
)
from tests.auth.test_conduit import opened
from tests.matrix import Matrix
from tests.matrix_table import complaints, read
from tests.mint import Mint, without

# Callers: anonymous; the owner of the account and another person, both in a lasting session; people in a usual session,
# one of them an admin; one without a username, in a lasting session; people whose lasting sessions are no longer valid
# (account disabled, session ended, account with a role by now); the three services; a service's token for another; an
# API key with all scopes.
TABLE = """
method path                                thing   anon  owner other usual admin name0 gone  users posts auth  stray key
POST   /auth/conduit/accounts              account 201   201   201   201   201   201   201   201   201   201   201   201
POST   /auth/conduit/sessions              account 200   200   200   200   200   200   200   200   200   200   200   200
POST   /auth/conduit/renewals              account 200   200   200   200   200   200   200   200   200   200   200   200
PATCH  /auth/conduit/account               account 401   200   200   403   403   403   401   403   403   403   401   403
"""
LINES = read(TABLE)
BODIES: dict[str, dict[str, Any]] = {
    "POST /auth/conduit/accounts": {"email": "{new_email}", "username": "{new_name}", "password": "password"},
    "POST /auth/conduit/sessions": {"email": "{email}", "password": "password"},
    "POST /auth/conduit/renewals": {"token": "{token}"},
    "PATCH /auth/conduit/account": {"password": "password"},
}
PRIVATE = {"email": {"owner"}}


@pytest.fixture(scope="module")
async def conduit_app(settings: Settings) -> AsyncIterator[FastAPI]:
    async with running(settings.model_copy(update={"conduit": True})) as app:
        yield app


@pytest.fixture
async def matrix(
    conduit_app: FastAPI,
    superuser: Connection,
    sign_up: SignUp,
    join: Join,
    manage: Manage,
    mint: Mint,
    service_token: ServiceSignIn,
) -> AsyncIterator[Matrix]:
    async with client_of(conduit_app) as client:
        owner, other, disabled, signed_out, promoted = [await opened(client) for _ in range(5)]
        nameless = await sign_up()
        credentials = {"email": nameless.email, "password": nameless.password}
        no_name = (await client.post("/auth/conduit/sessions", json=credentials)).json()
        await manage(lambda management: management.change(disabled["account_id"], SERVER, status="disabled"))
        await client.post("/auth/revoke", data={"token": signed_out["access_token"]})
        await superuser.execute("UPDATE accounts SET roles = '{admin}' WHERE id = $1", promoted["account_id"])
        await conduit_app.state.revoked.read()
        itself = mint.claims(sub="svc:auth", client_id="svc:auth", scope="internal", aud=["auth"])

        def key(scopes: str) -> dict[str, str]:
            return bearer(mint.token(mint.claims(sub=str(owner["account_id"]), client_id="key", scope=scopes)))

        headers: dict[str, list[dict[str, str]]] = {
            "anon": [{}],
            "owner": [bearer(owner["access_token"])],
            "other": [bearer(other["access_token"])],
            "usual": [(await join()).headers],
            "admin": [(await join(Role.admin)).headers],
            "name0": [bearer(no_name["access_token"])],
            "gone": [bearer(session["access_token"]) for session in (disabled, signed_out, promoted)],
            "users": [bearer(await service_token("svc:users"))],
            "posts": [bearer(await service_token("svc:posts"))],  # only with posts
            "auth": [bearer(mint.token(without(itself, "sid")))],
            "stray": [bearer(await service_token("svc:users", "users"))],
            "key": [key(" ".join(KEY_SCOPES))],
        }

        async def thing(name: str) -> dict[str, Any]:
            new = new_email()
            return {"email": owner["email"], "token": owner["token"], "new_email": new, "new_name": new.split("@")[0]}

        yield Matrix(conduit_app, client, superuser, LINES, headers, thing, BODIES, PRIVATE, key)


def test_every_operation_has_its_line(conduit_app: FastAPI) -> None:
    """S-31: deny by default."""
    assert complaints(conduit_app, [*LINES, *test_matrix.LINES], "tests/auth/test_conduit_matrix.py") == []


async def test_everybody_gets_what_the_table_says(matrix: Matrix) -> None:
    """S-28, S-29, S-31, S-31b: 0 wrong cells, no private address, no field beyond the schema."""
    assert await matrix.try_cells() == []
    assert matrix.told == {("email", "owner")}


async def test_no_other_verb_gains_anything(matrix: Matrix) -> None:
    """S-31, S-43"""
    assert await matrix.try_other_verbs() == []


async def test_nothing_can_be_assigned_that_is_not_the_callers(matrix: Matrix) -> None:
    """S-31b"""
    assert await matrix.try_assignments() == []


async def test_a_key_needs_the_scope_that_the_document_names(matrix: Matrix) -> None:
    """S-31, RFC 6750"""
    assert await matrix.try_scopes() == []
