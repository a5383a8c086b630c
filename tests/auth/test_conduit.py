"""Lasting sessions and direct changes, for the RealWorld API: only with CONDUIT, and only by tokens of that client."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import pytest
from fastapi import FastAPI
from httpx import AsyncClient, Response
from pydantic import SecretStr, ValidationError

from auth.config import Settings
from auth.services.records import Account, Session
from common.http.access import Access
from common.http.routing import ServiceRoute
from tests.auth.conftest import (
    PASSWORD,
    Connection,
    SignedIn,
    SignIn,
    SignUp,
    bearer,
    client_of,
    new_email,
    outcome,
    refresh,
    roles_in,
    running,
)
from tests.auth.mails import mails, relay
from tests.matrix_table import operations
from tests.waiting import until_blocked

PATHS = {
    "POST /auth/conduit/accounts": Access.PUBLIC,
    "POST /auth/conduit/sessions": Access.PUBLIC,
    "POST /auth/conduit/renewals": Access.PUBLIC,
    "PATCH /auth/conduit/account": Access.SIGNED_IN,
}


@pytest.fixture(scope="module")
async def conduit_app(settings: Settings) -> AsyncIterator[FastAPI]:
    async with running(settings.model_copy(update={"conduit": True})) as app:
        yield app


@pytest.fixture(scope="module")
async def conduit(conduit_app: FastAPI) -> AsyncIterator[AsyncClient]:
    async with client_of(conduit_app) as client:
        yield client


async def opened(conduit: AsyncClient, **headers: str) -> dict[str, Any]:
    email = new_email()
    account = {"email": email, "username": email.partition("@")[0], "password": "password"}
    reply = await conduit.post("/auth/conduit/accounts", json=account, headers=headers)
    assert reply.status_code == 201, reply.text
    session: dict[str, Any] = {"email": email, **reply.json()}
    return session


async def renewed(conduit: AsyncClient, token: str) -> Response:
    return await conduit.post("/auth/conduit/renewals", json={"token": token})


async def change(conduit: AsyncClient, session: dict[str, Any], **changes: Any) -> Response:
    headers = bearer(session["access_token"])
    return await conduit.patch("/auth/conduit/account", json=changes, headers=headers)


def test_without_the_setting_there_is_no_such_route(app: FastAPI, conduit_app: FastAPI) -> None:
    assert not {operation for operation in operations(app) if "conduit" in operation}
    assert {operation for operation in operations(conduit_app) if "conduit" in operation} == PATHS.keys()
    for route in conduit_app.routes:
        if isinstance(route, ServiceRoute) and "/conduit/" in route.path:
            assert route.access is PATHS[f"{min(route.methods or ())} {route.path}"]


async def test_a_lasting_token_gets_access_tokens_and_stays_the_same(conduit: AsyncClient) -> None:
    session = await opened(conduit)
    first, second = [(await renewed(conduit, session["token"])).json() for _ in range(2)]
    assert first["token"] == second["token"] == session["token"]
    assert first["access_token"] != second["access_token"]
    for token in (session["access_token"], second["access_token"]):
        assert (await conduit.get("/auth/me", headers=bearer(token))).json()["id"] == session["account_id"]


async def test_no_answer_with_a_token_is_kept(conduit: AsyncClient, superuser: Connection) -> None:
    session = await opened(conduit, **{"Idempotency-Key": "conduit-1"})
    kept = await superuser.fetch("SELECT path, body FROM idempotency_keys")
    assert not [row for row in kept if "conduit" in row["path"] or session["token"].encode() in row["body"]]


async def test_a_lasting_token_stays_the_same_while_the_refresh_key_is_replaced(
    settings: Settings, conduit: AsyncClient
) -> None:
    token = (await opened(conduit))["token"]
    keys = {"refresh_key": SecretStr("another key 0123456789 abcdefghi"), "refresh_key_previous": settings.refresh_key}
    async with running(settings.model_copy(update={"conduit": True, **keys})) as app, client_of(app) as client:
        assert (await renewed(client, token)).json()["token"] == token
        new = (await opened(client))["token"]
        assert new.split(".")[1] != token.split(".")[1]


@pytest.mark.parametrize("spoil", [lambda token: token[:-1] + "x", lambda token: "", lambda token: token + "x"])
async def test_a_forged_token_gets_nothing(conduit: AsyncClient, spoil: Any) -> None:
    session = await opened(conduit)
    token = spoil(session["token"])
    reply = await renewed(conduit, token)
    assert (reply.status_code, reply.json()["code"]) == (400, "invalid-grant")
    assert (await renewed(conduit, session["token"])).status_code == 200


async def test_neither_kind_of_token_passes_for_the_other(conduit: AsyncClient, signed_in: SignedIn) -> None:
    session, usual = await opened(conduit), await signed_in()
    assert (await refresh(conduit, session["token"])).json()["error"] == "invalid_grant"
    assert (await renewed(conduit, usual["refresh_token"])).json()["code"] == "invalid-grant"
    key, sid, generation, mac = usual["refresh_token"].split(".")[1:]
    assert generation == "1"
    assert (await renewed(conduit, f"st1.{key}.{sid}.{mac}")).json()["code"] == "invalid-grant"
    _, key, sid, mac = session["token"].split(".")
    for generation in ("0", "1"):
        assert (await refresh(conduit, f"rt1.{key}.{sid}.{generation}.{mac}")).json()["error"] == "invalid_grant"


async def test_a_session_ends_by_idleness_and_by_its_owner(conduit: AsyncClient, superuser: Connection) -> None:
    idle, signed_out = await opened(conduit), await opened(conduit)
    move = "UPDATE sessions SET rotated_at = rotated_at - interval '6 days' WHERE account_id = $1"
    for _ in range(2):  # each use begins the time anew
        await superuser.execute(move, idle["account_id"])
        assert (await renewed(conduit, idle["token"])).status_code == 200
    await superuser.execute(move.replace("6 days", "8 days"), idle["account_id"])
    assert (await renewed(conduit, idle["token"])).status_code == 400
    revoked = await conduit.post("/auth/revoke", data={"token": signed_out["access_token"]})
    assert revoked.status_code == 200
    assert (await renewed(conduit, signed_out["token"])).status_code == 400


async def test_only_a_token_of_this_client_changes_an_account_directly(
    conduit: AsyncClient, signed_in: SignedIn
) -> None:
    usual = await signed_in()
    for changes in ({"password": "another one"}, {"email": new_email()}, {"username": "taken_over"}):
        reply = await change(conduit, usual, **changes)
        assert (reply.status_code, reply.json()["code"]) == (403, "not-this-client")
    assert (await conduit.patch("/auth/conduit/account", json={})).status_code == 401


async def test_a_change_is_told_to_the_owner_and_leaves_a_trace(
    conduit_app: FastAPI, conduit: AsyncClient, superuser: Connection
) -> None:
    session, address = await opened(conduit), new_email()
    other = (
        await conduit.post("/auth/conduit/sessions", json={"email": session["email"], "password": "password"})
    ).json()
    await superuser.execute("UPDATE accounts SET email_verified_at = now() WHERE id = $1", session["account_id"])
    changed = await change(conduit, session, email=address, username="changed", password="another one")
    assert changed.json() == {"id": session["account_id"], "email": address, "username": "changed"}
    assert (await renewed(conduit, session["token"])).status_code == 200
    assert (await renewed(conduit, other["token"])).status_code == 400
    account = (await conduit.get("/auth/me", headers=bearer(session["access_token"]))).json()
    assert (account["email"], account["email_verified"]) == (address, False)
    await relay(conduit_app)
    subjects = {mail.subject for mail in await mails(conduit_app, session["email"])}
    assert {"Your password was changed", "Your e-mail address was changed"} <= subjects, subjects
    query = "SELECT action FROM audit_events WHERE account_id = $1"
    actions = {row["action"] for row in await superuser.fetch(query, session["account_id"])}
    assert {"registered", "signed-in", "password-changed", "email-changed", "username-changed"} <= actions


@pytest.mark.parametrize("end", ["ended_at = now()", "rotated_at = now() - interval '8 days'", "client = 'trivium'"])
async def test_an_ended_session_changes_nothing_though_its_access_token_is_still_accepted(
    conduit: AsyncClient, superuser: Connection, end: str
) -> None:
    session = await opened(conduit)
    await superuser.execute(f"UPDATE sessions SET {end} WHERE account_id = $1", session["account_id"])  # noqa: S608
    for changes in ({"password": "another one"}, {"email": new_email()}, {"username": "taken_over"}):
        assert outcome(await change(conduit, session, **changes)) == (401, "invalid-token")
    account = (await conduit.get("/auth/me", headers=bearer(session["access_token"]))).json()
    assert account["email"] == session["email"]


async def test_of_two_changes_at_once_the_second_is_told_to_the_address_of_the_first(
    conduit_app: FastAPI, conduit: AsyncClient, superuser: Connection
) -> None:
    session, between = await opened(conduit), new_email()
    async with superuser.transaction():
        await superuser.execute("UPDATE accounts SET email = $1 WHERE id = $2", between, session["account_id"])
        second = asyncio.create_task(change(conduit, session, email=new_email()))
        await until_blocked(superuser)
    assert (await second).status_code == 200
    assert [mail.subject for mail in await mails(conduit_app, between)] == ["Your e-mail address was changed"]


async def test_five_changes_of_address_an_hour_are_tried_and_then_none_tells_whether_it_is_taken(
    conduit_app: FastAPI, conduit: AsyncClient, superuser: Connection
) -> None:
    taken, session, addresses = await opened(conduit), await opened(conduit), [new_email() for _ in range(2)]
    for _ in range(6):  # front ends send all fields, changed or not
        assert (await change(conduit, session, email=session["email"], password="another one")).status_code == 200
    for email in addresses:
        assert (await change(conduit, session, email=email)).status_code == 200
    for _ in range(3):
        assert outcome(await change(conduit, session, email=taken["email"])) == (409, "email-taken")
    for email in (taken["email"], new_email()):
        reply = await change(conduit, session, email=email)
        assert outcome(reply) == (429, "too-many-mails")
        assert 3500 < int(reply.headers["retry-after"]) <= 3600
    assert (await conduit.get("/auth/me", headers=bearer(session["access_token"]))).json()["email"] == addresses[-1]
    await superuser.execute("UPDATE mail_counts SET sent_at = '{}', last_at = now() - interval '2 hours'")
    assert (await change(conduit, session, email=new_email())).status_code == 200


async def test_changes_of_address_or_username_count_as_mails_of_their_source(settings: Settings) -> None:
    strict = {"conduit": True, "rate_limits": True, "rate_limit_mail": 1}
    async with running(settings.model_copy(update=strict)) as app, client_of(app) as client:
        session = await opened(client)
        assert (await change(client, session, password="another one")).status_code == 200
        assert (await change(client, session, email=new_email())).status_code == 200
        assert outcome(await change(client, session, username="a_free_name")) == (429, "rate-limited")


async def test_names_and_addresses_are_unique_and_a_refusal_leaves_nothing(
    conduit: AsyncClient, superuser: Connection
) -> None:
    ada, bob = await opened(conduit), await opened(conduit)
    name = ada["email"].partition("@")[0]
    for changes, code in (({"username": name.upper()}, "username-taken"), ({"email": ada["email"]}, "email-taken")):
        assert (await change(conduit, bob, **changes)).json()["code"] == code
        body = {"email": new_email(), "username": "free_name", "password": "password", **changes}
        reply = await conduit.post("/auth/conduit/accounts", json=body)
        assert (reply.status_code, reply.json()["code"]) == (409, code)
    assert await superuser.fetchval("SELECT count(*) FROM accounts WHERE username = 'free_name'") == 0
    assert (await change(conduit, bob)).status_code == 200


async def test_common_passwords_are_refused_elsewhere_as_before(conduit: AsyncClient, signed_in: SignedIn) -> None:
    short = await conduit.post(
        "/auth/conduit/accounts", json={"email": new_email(), "username": "short", "password": "1234567"}
    )
    assert short.status_code == 422
    usual = {"email": new_email(), "password": "password", "name": "Ada"}
    assert (await conduit.post("/auth/register", json=usual)).json()["code"] == "weak-password"
    body = {"current_password": PASSWORD, "new_password": "password"}
    reply = await conduit.post("/auth/password", json=body, headers=bearer((await signed_in())["access_token"]))
    assert reply.json()["code"] == "weak-password"


async def test_an_account_with_roles_has_no_lasting_session(
    conduit_app: FastAPI, conduit: AsyncClient, superuser: Connection
) -> None:
    session = await opened(conduit)
    credentials = {"email": session["email"], "password": "password"}
    await superuser.execute("UPDATE accounts SET roles = '{admin}' WHERE id = $1", session["account_id"])
    assert outcome(await conduit.post("/auth/conduit/sessions", json=credentials)) == (400, "invalid-grant")
    assert outcome(await renewed(conduit, session["token"])) == (400, "invalid-grant")
    assert outcome(await change(conduit, session, password="another one")) == (401, "invalid-token")
    usual = {"username": credentials["email"], "password": credentials["password"]}
    assert roles_in((await conduit.post("/auth/token", data=usual)).json()["access_token"]) == ["admin"]
    reason = "SELECT detail::json->>'reason' FROM audit_events WHERE account_id = $1 AND action = 'sign-in-refused'"
    assert await superuser.fetchval(reason, session["account_id"]) == "account has roles"
    account = await conduit_app.state.accounts.get(session["account_id"])
    assert account.roles == ["admin"]
    assert roles_in(conduit_app.state.sign_in.sessions.access.for_person(session_of(account, "conduit"))) == []


async def test_an_account_without_a_username_keeps_the_rules_of_its_sign_up(
    conduit: AsyncClient, sign_up: SignUp, sign_in: SignIn
) -> None:
    person = await sign_up()
    credentials = {"email": person.email, "password": person.password}
    session = (await conduit.post("/auth/conduit/sessions", json=credentials)).json()
    for changes in ({"password": "password"}, {"email": new_email()}, {"username": "a_free_name"}):
        assert outcome(await change(conduit, session, **changes)) == (403, "username-needed")
    assert (await sign_in(person)).status_code == 200


def test_the_setting_excludes_what_it_would_undermine(settings: Settings) -> None:
    with pytest.raises(ValidationError, match="CONDUIT and REQUIRE_VERIFIED_EMAIL exclude each other"):
        Settings.model_validate({**settings.model_dump(), "conduit": True, "require_verified_email": True})


def session_of(account: Account, client: str) -> Session:
    return Session(
        id=uuid4(),
        account=account,
        client=client,
        methods=["pwd"],
        proven_at=0,
        generation=1,
        secret=b"",
        alive=True,
        in_grace=False,
        parent=0,
        reissues=0,
        now=0,
    )
