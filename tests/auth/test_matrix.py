"""auth's authorization matrix: each operation by each kind of caller (S-31, S-31b). Mechanism: `tests/matrix.py`."""

from typing import Any
from uuid import uuid4

import pytest
from fastapi import FastAPI
from httpx import AsyncClient

from auth.services.records import Role
from common.tokens.scopes import KEY_SCOPES
from tests.auth.api_keys import exchanged, new_key
from tests.auth.authenticator import Authenticator
from tests.auth.conftest import (
    PASSWORD,
    SERVER,
    Connection,
    Join,
    Learn,
    Manage,
    Member,
    ServiceSignIn,
    SignIn,
    bearer,
    new_email,
)
from tests.auth.passkeys import options, request_options, send
from tests.auth.second_factors import guard, trusted
from tests.auth.test_access_tokens import part
from tests.matrix import Matrix
from tests.matrix_table import complaints, read
from tests.mint import Mint, without
from tests.parked import ACT, park
from tests.peers import erased

# Callers: anonymous; the owner of the thing; another person; a moderator; an admin; people whose tokens are no longer
# valid (account disabled, session ended); the three services; a service's token for another; an API key of somebody
# else with all scopes. All tokens are real. Things: the owner's account; another session of the owner; an API key and a
# passkey of the owner, and a passkey that is to be added; events of users and posts; a parked event; and, on the last
# line, the caller, who does nothing afterwards.
TABLE = """
method path                                    thing   anon  owner other moder admin gone  users posts auth  stray key
POST   /auth/register                          account 201   201   201   201   201   201   201   201   201   201   201
POST   /auth/token                             account 200   200   200   200   200   200   200   200   200   200   200
POST   /auth/sign-in                           account 200   200   200   200   200   200   200   200   200   200   200
POST   /auth/sign-in/provider                  none    400   400   400   400   400   400   400   400   400   400   400
GET    /auth/providers                         none    200   200   200   200   200   200   200   200   200   200   200
GET    /auth/providers/{name}/authorize        none    404   404   404   404   404   404   404   404   404   404   404
GET    /auth/providers/{name}/callback         none    404   404   404   404   404   404   404   404   404   404   404
POST   /auth/providers/{name}/callback         none    303   303   303   303   303   303   303   303   303   303   303
GET    /auth/identities                        account 401   200   200   200   200   401   403   403   403   401   403
POST   /auth/identities/{name}/link            account 401   404   404   404   404   401   403   403   403   401   403
DELETE /auth/identities/{name}                 account 401   404   404   404   404   401   403   403   403   401   403
POST   /auth/sign-in/passkey/options           none    200   200   200   200   200   200   200   200   200   200   200
POST   /auth/sign-in/passkey                   passkey 200   200   200   200   200   200   200   200   200   200   200
GET    /auth/sign-in                           none    200   200   200   200   200   200   200   200   200   200   200
POST   /auth/sign-in/mail-code                 account 404   404   404   404   404   404   404   404   404   404   404
POST   /auth/sign-in/mail-code/confirm         account 404   404   404   404   404   404   404   404   404   404   404
POST   /auth/sign-in/second-factor             account 400   400   400   400   400   400   400   400   400   400   400
POST   /auth/sign-in/step-up                   account 401   200   200   200   200   401   403   403   403   401   403
GET    /auth/second-factor                     account 401   200   200   200   200   401   403   403   403   401   403
POST   /auth/second-factor/totp                account 401   200   200   200   200   401   403   403   403   401   403
POST   /auth/second-factor/totp/confirm        account 401   403   403   403   403   401   403   403   403   401   403
POST   /auth/second-factor/recovery-codes      account 401   409   409   409   409   401   403   403   403   401   403
POST   /auth/second-factor/off                 account 401   409   409   409   409   401   403   403   403   401   403
GET    /auth/second-factor/devices             account 401   200   200   200   200   401   403   403   403   401   403
DELETE /auth/second-factor/devices/{device_id} trusted 401   204   404   404   404   401   403   403   403   401   403
POST /auth/accounts/{account_id}/second-factor/reset guarded 401 403 403 403 204 401 403 403 403 401 403
POST   /auth/revoke                            session 200   200   200   200   200   200   200   200   200   200   200
POST   /auth/verify-email                      account 202   202   202   202   202   401   403   403   403   401   403
POST   /auth/verify-email/confirm              account 400   400   400   400   400   400   400   400   400   400   400
POST   /auth/password-reset                    account 202   202   202   202   202   202   202   202   202   202   202
POST   /auth/password-reset/confirm            account 400   400   400   400   400   400   400   400   400   400   400
POST   /auth/email/confirm                     account 400   400   400   400   400   400   400   400   400   400   400
GET    /auth/me                                account 401   200   200   200   200   401   403   403   403   401   200
PATCH  /auth/me                                account 401   200   200   200   200   401   403   403   403   401   403
GET    /auth/sessions                          session 401   200   200   200   200   401   403   403   403   401   403
DELETE /auth/sessions/{session_id}             session 401   204   404   404   404   401   403   403   403   401   403
DELETE /auth/sessions                          session 401   204   204   204   204   401   403   403   403   401   403
POST   /auth/keys                              account 401   201   201   201   201   401   403   403   403   401   403
GET    /auth/keys                              key     401   200   200   200   200   401   403   403   403   401   403
DELETE /auth/keys/{key_id}                     key     401   204   404   404   404   401   403   403   403   401   403
POST   /auth/keys/leaked                       key     204   204   204   204   204   204   204   204   204   204   204
POST   /auth/email                             account 401   202   202   202   202   401   403   403   403   401   403
POST   /auth/password                          account 401   204   204   204   204   401   403   403   403   401   403
GET    /auth/passkeys                          passkey 401   200   200   200   200   401   403   403   403   401   403
POST   /auth/passkeys/options                  account 401   200   200   200   200   401   403   403   403   401   403
POST   /auth/passkeys                          new     401   201   400   400   400   401   403   403   403   401   403
PATCH  /auth/passkeys/{passkey_id}             passkey 401   200   404   404   404   401   403   403   403   401   403
DELETE /auth/passkeys/{passkey_id}             passkey 401   204   404   404   404   401   403   403   403   401   403
GET    /auth/accounts                          account 401   403   403   403   200   401   403   403   403   401   403
GET    /auth/accounts/{account_id}             account 401   403   403   403   200   401   403   403   403   401   403
PATCH  /auth/accounts/{account_id}             account 401   403   403   403   200   401   403   403   403   401   403
DELETE /auth/accounts/{account_id}/sessions    session 401   403   403   403   204   401   403   403   403   401   403
POST   /auth/accounts/{account_id}/sign-out    session 401   403   403   403   204   401   403   403   403   401   403
POST   /auth/accounts/{account_id}/deletion    guarded 401   403   403   403   202   401   403   403   403   401   403
GET    /auth/accounts/{account_id}/sessions    session 401   403   403   403   200   401   403   403   403   401   403
GET /auth/accounts/{account_id}/sign-in-methods account 401  403   403   403   200   401   403   403   403   401   403
GET    /auth/admin/parked-events               none    401   403   403   403   200   401   403   403   403   401   403
POST   /auth/admin/parked-events/replay        parked  401   403   403   403   204   401   403   403   403   401   403
POST   /auth/admin/parked-events/drop          parked  401   403   403   403   204   401   403   403   403   401   403
GET    /auth/audit                             account 401   403   403   403   200   401   403   403   403   401   403
GET    /.well-known/jwks.json                  account 200   200   200   200   200   200   200   200   200   200   200
GET    /.well-known/oauth-authorization-server none    200   200   200   200   200   200   200   200   200   200   200
GET    /.well-known/passkey-endpoints          none    200   200   200   200   200   200   200   200   200   200   200
GET    /.well-known/webauthn                   none    200   200   200   200   200   200   200   200   200   200   200
GET    /internal/accounts                      account 401   403   403   403   403   401   200   403   403   401   403
GET    /internal/accounts/{account_id}         account 401   403   403   403   403   401   200   403   403   401   403
GET    /internal/export/{account_id}           session 401   403   403   403   403   401   200   403   403   401   403
GET    /internal/erased                        account 401   403   403   403   403   401   200   200   403   401   403
POST   /internal/events                        users   401   403   403   403   403   401   204   403   403   401   403
# begin: only with posts
POST   /internal/events                        posts   401   403   403   403   403   401   403   204   403   401   403
# end: only with posts
GET    /livez                                  none    200   200   200   200   200   200   200   200   200   200   200
GET    /readyz                                 none    200   200   200   200   200   200   200   200   200   200   200
GET    /metrics                                none    200   200   200   200   200   200   200   200   200   200   200
POST   /auth/account/deletion                  leaver  401   202   202   202   202   401   403   403   403   401   403
"""
LINES = read(TABLE)
BODIES: dict[str, dict[str, Any]] = {
    "POST /internal/events users": {"events": [erased(5, "users")]},
    "POST /internal/events posts": {"events": [erased(5, "posts")]},  # only with posts
    "POST /auth/account/deletion": {"password": PASSWORD},
    "POST /auth/register": {"email": "{new_email}", "password": PASSWORD, "name": "Ada"},
    "POST /auth/token": {"username": "{email}", "password": PASSWORD},
    "POST /auth/sign-in": {"email": "{email}", "password": PASSWORD},
    "POST /auth/sign-in/mail-code": {"email": "{email}"},
    "POST /auth/sign-in/mail-code/confirm": {"challenge": "x", "code": "12345678"},
    "POST /auth/sign-in/second-factor": {"challenge": "x", "code": "000000"},
    "POST /auth/sign-in/step-up": {"password": PASSWORD},
    "POST /auth/second-factor/totp/confirm": {"code": "000000"},
    "POST /auth/second-factor/off": {"password": PASSWORD, "code": "000000"},
    "POST /auth/accounts/{account_id}/second-factor/reset": {"reason": "Lost phone"},
    "POST /auth/accounts/{account_id}/sign-out": {"session_id": "{session_id}", "reason": "Lost phone"},
    "POST /auth/accounts/{account_id}/deletion": {"reason": "Asked for by mail"},
    "POST /auth/admin/parked-events/replay": ACT,
    "POST /auth/admin/parked-events/drop": ACT,
    "POST /auth/sign-in/provider": {"code": "x"},
    "POST /auth/providers/{name}/callback": {"state": "x"},
    "POST /auth/identities/{name}/link": {},
    "POST /auth/revoke": {"token": "{refresh_token}"},
    "POST /auth/verify-email": {"email": "{email}"},
    "POST /auth/verify-email/confirm": {"token": "x"},
    "POST /auth/password-reset": {"email": "{email}"},
    "POST /auth/password-reset/confirm": {"token": "x", "new_password": PASSWORD},
    "POST /auth/email/confirm": {"token": "x"},
    "PATCH /auth/me": {"locale": "de"},
    "POST /auth/keys": {"name": "{new_name}", "scopes": ["users:read"]},
    "POST /auth/keys/leaked": {"key": "{key}"},
    "POST /auth/email": {"email": "{new_email}", "password": PASSWORD},
    "POST /auth/password": {"current_password": PASSWORD, "new_password": PASSWORD},
    "PATCH /auth/passkeys/{passkey_id}": {"name": "A phone"},
    "PATCH /auth/accounts/{account_id}": {"roles": ["moderator"]},
}
PRIVATE = {"email": {"owner", "admin", "users"}, "session_id": {"owner", "admin", "users"}, "key_id": {"owner"}}
"""Addresses and sessions are visible to their owners and to admins; both are also in the export, which users makes."""


async def an_api_key(
    client: AsyncClient, superuser: Connection, owner: Member, _: dict[str, dict[str, Any]]
) -> dict[str, Any]:
    await superuser.execute("DELETE FROM api_keys WHERE account_id = $1", owner.id)
    made = await new_key(client, owner)
    return {"key_id": made["id"], "key": made["key"]}


async def a_trusted_device(
    _: AsyncClient, superuser: Connection, owner: Member, __: dict[str, dict[str, Any]]
) -> dict[str, Any]:
    return {"device_id": await trusted(superuser, owner.id)}


async def a_new_passkey(
    client: AsyncClient, superuser: Connection, owner: Member, bodies: dict[str, dict[str, Any]]
) -> dict[str, Any]:
    await superuser.execute("DELETE FROM passkeys WHERE account_id = $1", owner.id)
    credential = Authenticator().make(await options(client, owner))
    bodies["POST /auth/passkeys"] = {"name": "A phone", "credential": credential}
    return {}


async def a_passkey(
    client: AsyncClient, superuser: Connection, owner: Member, bodies: dict[str, dict[str, Any]]
) -> dict[str, Any]:
    await superuser.execute("DELETE FROM passkeys WHERE account_id = $1", owner.id)
    device = Authenticator()
    added = await send(client, owner, device.make(await options(client, owner)))
    bodies["POST /auth/sign-in/passkey"] = {"credential": device.answer(await request_options(client))}
    return {"passkey_id": added.json()["id"]}


async def a_parked_event(
    _: AsyncClient, superuser: Connection, __: Member, ___: dict[str, dict[str, Any]]
) -> dict[str, Any]:
    return await park(superuser)


THINGS = {
    "parked": a_parked_event,
    "key": an_api_key,
    "trusted": a_trusted_device,
    "new": a_new_passkey,
    "passkey": a_passkey,
}
"""Of the owner, and made anew for each cell; they may also change the bodies of their operations."""


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
    keyed = await join()
    headers: dict[str, list[dict[str, str]]] = {
        "anon": [{}],
        "owner": [owner.headers],
        "other": [(await join()).headers],
        "moder": [(await join(Role.moderator)).headers],
        "admin": [admin.headers],
        "gone": [disabled.headers, signed_out.headers],
        "users": [bearer(await service_token("svc:users"))],
        "posts": [bearer(await service_token("svc:posts"))],  # only with posts
        "auth": [bearer(mint.token(without(itself, "sid")))],
        "stray": [bearer(await service_token("svc:users", "users"))],
        "key": [await exchanged(client, (await new_key(client, keyed, *KEY_SCOPES))["key"])],
    }

    bodies = dict(BODIES)

    async def thing(name: str) -> dict[str, Any]:
        if name == "none":
            return {"name": "none"}
        if name == "leaver":  # each caller is one, and does not sign in again
            return {}
        await learn()
        if (await client.get("/auth/me", headers=headers["owner"][0])).status_code != 200:  # by the cell before
            headers["owner"] = [bearer((await sign_in(owner.person)).json()["access_token"])]
        values = {"name": "none", "account_id": owner.id, "email": owner.person.email, "new_email": new_email()}
        values["new_name"] = values["new_email"]
        if name == "session":
            device = (await sign_in(owner.person)).json()
            values |= {"session_id": part(device["access_token"], 1)["sid"], "refresh_token": device["refresh_token"]}
        elif name in THINGS:
            token = headers["owner"][0]["Authorization"].removeprefix("Bearer ")
            values |= await THINGS[name](client, superuser, Member(owner.person, {"access_token": token}), bodies)
        elif name == "guarded":
            guarded = await join()
            await guard(superuser, guarded.id)
            values["account_id"] = guarded.id
        return values

    def key(scopes: str) -> dict[str, str]:
        claims = mint.claims(sub=str(keyed.id), client_id="key", scope=scopes, sid=str(uuid4()))
        return bearer(mint.token(claims))

    return Matrix(app, client, superuser, LINES, headers, thing, bodies, PRIVATE, key)


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


async def test_a_key_needs_the_scope_that_the_document_names(matrix: Matrix) -> None:
    """S-31, RFC 6750"""
    assert await matrix.try_scopes() == []
