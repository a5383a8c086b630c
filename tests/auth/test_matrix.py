"""auth's authorization matrix: each operation by each kind of caller (S-31, S-31b). Mechanism: `tests/matrix.py`."""

from typing import Any

import pytest
from fastapi import FastAPI
from httpx import AsyncClient

from auth.services.records import Role
from tests.auth.conftest import (
    PASSWORD,
    SERVER,
    Connection,
    Join,
    Learn,
    Manage,
    ServiceSignIn,
    SignIn,
    bearer,
    new_email,
)
from tests.auth.test_access_tokens import part
from tests.matrix import Matrix
from tests.matrix_table import complaints, read
from tests.mint import Mint, without
from tests.peers import erased

# Callers: anonymous; the owner of the thing; another person; a moderator; an admin; people whose tokens are no longer
# valid (account disabled, session ended); the three services; a service's token for another. All tokens are real.
# Things: the owner's account; another session of the owner; events of users and posts; and, on the last line, the
# caller, who does nothing afterwards.
TABLE = """
method path                                 thing   anon  owner other moder admin gone  users posts auth  stray
POST   /auth/register                       account 201   201   201   201   201   201   201   201   201   201
POST   /auth/token                          account 200   200   200   200   200   200   200   200   200   200
POST   /auth/sign-in                        account 200   200   200   200   200   200   200   200   200   200
POST   /auth/sign-in/provider               none    400   400   400   400   400   400   400   400   400   400
GET    /auth/providers                      none    200   200   200   200   200   200   200   200   200   200
GET    /auth/providers/{name}/authorize     none    404   404   404   404   404   404   404   404   404   404
GET    /auth/providers/{name}/callback      none    404   404   404   404   404   404   404   404   404   404
POST   /auth/providers/{name}/callback      none    303   303   303   303   303   303   303   303   303   303
GET    /auth/identities                     account 401   200   200   200   200   401   403   403   403   401
POST   /auth/identities/{name}/link         account 401   404   404   404   404   401   403   403   403   401
DELETE /auth/identities/{name}              account 401   404   404   404   404   401   403   403   403   401
POST   /auth/revoke                         session 200   200   200   200   200   200   200   200   200   200
POST   /auth/verify-email                   account 202   202   202   202   202   401   403   403   403   401
POST   /auth/verify-email/confirm           account 400   400   400   400   400   400   400   400   400   400
POST   /auth/password-reset                 account 202   202   202   202   202   202   202   202   202   202
POST   /auth/password-reset/confirm         account 400   400   400   400   400   400   400   400   400   400
POST   /auth/email/confirm                  account 400   400   400   400   400   400   400   400   400   400
GET    /auth/me                             account 401   200   200   200   200   401   403   403   403   401
GET    /auth/sessions                       session 401   200   200   200   200   401   403   403   403   401
DELETE /auth/sessions/{session_id}          session 401   204   404   404   404   401   403   403   403   401
DELETE /auth/sessions                       session 401   204   204   204   204   401   403   403   403   401
POST   /auth/email                          account 401   202   202   202   202   401   403   403   403   401
POST   /auth/password                       account 401   204   204   204   204   401   403   403   403   401
GET    /auth/accounts                       account 401   403   403   403   200   401   403   403   403   401
GET    /auth/accounts/{account_id}          account 401   403   403   403   200   401   403   403   403   401
PATCH  /auth/accounts/{account_id}          account 401   403   403   403   200   401   403   403   403   401
DELETE /auth/accounts/{account_id}/sessions session 401   403   403   403   204   401   403   403   403   401
GET    /auth/audit                          account 401   403   403   403   200   401   403   403   403   401
GET    /.well-known/jwks.json               account 200   200   200   200   200   200   200   200   200   200
GET    /.well-known/oauth-authorization-server none 200   200   200   200   200   200   200   200   200   200
GET    /internal/accounts                   account 401   403   403   403   403   401   200   403   403   401
GET    /internal/accounts/{account_id}      account 401   403   403   403   403   401   200   403   403   401
GET    /internal/export/{account_id}        session 401   403   403   403   403   401   200   403   403   401
GET    /internal/erased                     account 401   403   403   403   403   401   200   200   403   401
POST   /internal/events                     users   401   403   403   403   403   401   204   403   403   401
POST   /internal/events                     posts   401   403   403   403   403   401   403   204   403   401
GET    /livez                               none    200   200   200   200   200   200   200   200   200   200
GET    /readyz                              none    200   200   200   200   200   200   200   200   200   200
GET    /metrics                             none    200   200   200   200   200   200   200   200   200   200
POST   /auth/account/deletion               leaver  401   202   202   202   202   401   403   403   403   401
"""
LINES = read(TABLE)
BODIES: dict[str, dict[str, Any]] = {
    "POST /internal/events users": {"events": [erased(5, "users")]},
    "POST /internal/events posts": {"events": [erased(5, "posts")]},
    "POST /auth/account/deletion": {"password": PASSWORD},
    "POST /auth/register": {"email": "{new_email}", "password": PASSWORD, "name": "Ada"},
    "POST /auth/token": {"username": "{email}", "password": PASSWORD},
    "POST /auth/sign-in": {"email": "{email}", "password": PASSWORD},
    "POST /auth/sign-in/provider": {"code": "x"},
    "POST /auth/providers/{name}/callback": {"state": "x"},
    "POST /auth/identities/{name}/link": {"password": PASSWORD},
    "POST /auth/revoke": {"token": "{refresh_token}"},
    "POST /auth/verify-email": {"email": "{email}"},
    "POST /auth/verify-email/confirm": {"token": "x"},
    "POST /auth/password-reset": {"email": "{email}"},
    "POST /auth/password-reset/confirm": {"token": "x", "new_password": PASSWORD},
    "POST /auth/email/confirm": {"token": "x"},
    "POST /auth/email": {"email": "{new_email}", "password": PASSWORD},
    "POST /auth/password": {"current_password": PASSWORD, "new_password": PASSWORD},
    "PATCH /auth/accounts/{account_id}": {"roles": ["moderator"]},
}
PRIVATE = {"email": {"owner", "admin", "users"}, "session_id": {"owner", "users"}}
"""Addresses are visible to their owners and to admins; both are also in the export, which users makes."""


@pytest.fixture
async def matrix(
    app: FastAPI,
    client: AsyncClient,
    superuser: Connection,
    join: Join,
    sign_in: SignIn,
    manage: Manage,
    learn: Learn,
    mint: Mint,
    service_token: ServiceSignIn,
) -> Matrix:
    owner, admin, disabled, signed_out = await join(), await join(Role.admin), await join(), await join()
    await join(Role.admin)  # so that the admin is not the last one
    await manage(lambda management: management.change(disabled.id, SERVER, status="disabled"))
    assert (await client.post("/auth/revoke", data={"token": signed_out.tokens["refresh_token"]})).status_code == 200
    itself = mint.claims(sub="svc:auth", client_id="svc:auth", scope="internal", aud=["auth"])
    headers: dict[str, list[dict[str, str]]] = {
        "anon": [{}],
        "owner": [owner.headers],
        "other": [(await join()).headers],
        "moder": [(await join(Role.moderator)).headers],
        "admin": [admin.headers],
        "gone": [disabled.headers, signed_out.headers],
        "users": [bearer(await service_token("svc:users"))],
        "posts": [bearer(await service_token("svc:posts"))],
        "auth": [bearer(mint.token(without(itself, "sid")))],
        "stray": [bearer(await service_token("svc:users", "posts"))],
    }

    async def thing(name: str) -> dict[str, Any]:
        if name == "none":
            return {"name": "none"}
        if name == "leaver":  # each caller is one, and does not sign in again
            return {}
        await learn()
        if (await client.get("/auth/me", headers=headers["owner"][0])).status_code != 200:  # by the cell before
            headers["owner"] = [bearer((await sign_in(owner.person)).json()["access_token"])]
        values = {"name": "none", "account_id": owner.id, "email": owner.person.email, "new_email": new_email()}
        if name == "session":
            device = (await sign_in(owner.person)).json()
            values |= {"session_id": part(device["access_token"], 1)["sid"], "refresh_token": device["refresh_token"]}
        return values

    return Matrix(app, client, superuser, LINES, headers, thing, BODIES, PRIVATE)


def test_every_operation_has_its_line(app: FastAPI) -> None:
    """S-31: deny by default."""
    assert complaints(app, LINES, "tests/auth/test_matrix.py") == []


async def test_everybody_gets_what_the_table_says(matrix: Matrix) -> None:
    """S-28, S-29, S-31, S-31b: 0 wrong cells, no private address or session, no field beyond the schema."""
    assert await matrix.try_cells() == []
    assert matrix.told == {(name, caller) for name, callers in PRIVATE.items() for caller in callers}


async def test_no_other_verb_gains_anything(matrix: Matrix) -> None:
    """S-31, S-43: neither as the method nor in a header or a parameter."""
    assert await matrix.try_other_verbs() == []
    assert await matrix.try_overrides() == []


async def test_nothing_can_be_assigned_that_is_not_the_callers(matrix: Matrix) -> None:
    """S-31b"""
    assert await matrix.try_assignments() == []
