"""Exchanging API keys for access tokens (RFC 8693), and what ends them."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from fastapi import FastAPI
from httpx import AsyncClient

from auth.config import Settings
from auth.services.api_keys.exchange import ACCESS_TOKEN, API_KEY, GRANT
from auth.services.api_keys.key_text import new_key as random_key
from auth.services.records import Role
from common.contracts.events import SessionEndedData
from common.tokens.scopes import KEY_SCOPES
from tests.auth.api_keys import create, exchange, exchanged, new_key
from tests.auth.conftest import (
    PASSWORD,
    SERVER,
    Connection,
    Join,
    Learn,
    Manage,
    Member,
    client_of,
    outcome,
    running,
)
from tests.auth.deleting import delete
from tests.auth.mails import mails
from tests.auth.test_access_tokens import part
from tests.events import Outbox


async def test_a_key_gives_a_token_with_its_scopes_and_nothing_more(client: AsyncClient, join: Join) -> None:
    """RFC 8693, section 2.2.1. No roles, and no refresh token."""
    ada = await join(Role.moderator)
    made = await new_key(client, ada, "users:write", "users:read")
    reply = await exchange(client, made["key"])
    assert reply.status_code == 200, reply.text
    told = reply.json()
    claims = part(told.pop("access_token"), 1)
    assert told == {
        "token_type": "bearer",
        "expires_in": 300,
        "scope": "users:read users:write",
        "issued_token_type": ACCESS_TOKEN,
    }
    assert reply.headers["cache-control"] == "no-store"
    assert (claims["sub"], claims["client_id"], claims["sid"]) == (str(ada.id), "key", made["id"])
    assert (claims["scope"], claims["exp"] - claims["iat"]) == ("users:read users:write", 300)
    assert claims.keys().isdisjoint({"roles", "amr", "auth_time"})


async def test_a_request_may_want_less(client: AsyncClient, join: Join) -> None:
    made = await new_key(client, await join(), "users:read", "users:write")
    narrow = (await exchange(client, made["key"], scope="users:read", audience="users")).json()
    claims = part(narrow["access_token"], 1)
    assert (narrow["scope"], claims["scope"], claims["aud"]) == ("users:read", "users:read", ["users"])
    for scope in ("users:read auth:read", "api", "auth:write", "x"):
        reply = await exchange(client, made["key"], scope=scope)
        assert (outcome(reply), reply.json()["error"]) == ((400, "invalid-scope"), "invalid_scope")


NOBODYS = "trv_00000000000000000000000000000000000000000002UgL5r"
"""Well formed, and in no database."""


@pytest.mark.parametrize(
    ("changes", "code", "error"),
    [
        ({"subject_token": ""}, "invalid-request", "invalid_request"),
        ({"subject_token_type": ""}, "invalid-request", "invalid_request"),
        ({"subject_token_type": ACCESS_TOKEN}, "invalid-request", "invalid_request"),
        ({"requested_token_type": API_KEY}, "invalid-request", "invalid_request"),
        ({"actor_token": "x"}, "invalid-request", "invalid_request"),
        ({"audience": "conduit"}, "invalid-target", "invalid_target"),
        ({"resource": "https://elsewhere.example"}, "invalid-target", "invalid_target"),
        ({"subject_token": "trv_" + "0" * 49}, "invalid-subject-token", "invalid_request"),
        ({"subject_token": "x" * 10_000}, "invalid-subject-token", "invalid_request"),
        ({"subject_token": NOBODYS}, "invalid-subject-token", "invalid_request"),
    ],
    ids=str,
)
async def test_refusals_are_those_of_the_standard(
    client: AsyncClient, join: Join, changes: dict[str, str], code: str, error: str
) -> None:
    """RFC 8693, section 2.2.2; RFC 6749, section 5.2."""
    made = await new_key(client, await join())
    reply = await exchange(client, made["key"], **changes)
    assert (outcome(reply), reply.json()["error"]) == ((400, code), error)
    assert reply.headers["content-type"] == "application/json"
    assert made["key"] not in reply.text


async def test_the_sites_own_address_is_a_resource(client: AsyncClient, join: Join, settings: Settings) -> None:
    made = await new_key(client, await join())
    for resource in (settings.issuer, f"{settings.issuer}/"):
        reply = await exchange(client, made["key"], resource=resource, requested_token_type=ACCESS_TOKEN)
        assert reply.status_code == 200, reply.text


async def test_a_repeated_parameter_is_refused(client: AsyncClient, join: Join) -> None:
    """RFC 6749, section 3.2: also `audience`, of which RFC 8693 would allow several."""
    made = await new_key(client, await join())
    form = f"grant_type={GRANT}&subject_token={made['key']}&subject_token_type={API_KEY}&audience=users&audience=auth"
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    reply = await client.post("/auth/token", content=form, headers=headers)
    assert (reply.status_code, reply.json()["error"]) == (400, "invalid_request")


async def test_no_token_outlives_its_key(client: AsyncClient, join: Join, superuser: Connection) -> None:
    made = await new_key(client, await join())
    expiry = "UPDATE api_keys SET expires_at = clock_timestamp() + $2 * interval '1 s' WHERE id = $1::uuid"
    await superuser.execute(expiry, made["id"], 60)
    reply = await exchange(client, made["key"])
    claims = part(reply.json()["access_token"], 1)
    assert 1 <= claims["exp"] - claims["iat"] == reply.json()["expires_in"] <= 60
    await superuser.execute(expiry, made["id"], 0)
    assert outcome(await exchange(client, made["key"])) == (400, "invalid-subject-token")


async def test_its_use_is_noted_every_five_minutes(client: AsyncClient, join: Join, superuser: Connection) -> None:
    """In between, an exchange writes nothing."""
    made = await new_key(client, await join())
    find = "SELECT last_used_at, xmin::text FROM api_keys WHERE id = $1::uuid"
    await exchange(client, made["key"])
    first = await superuser.fetchrow(find, made["id"])
    assert first is not None
    assert first["last_used_at"] is not None
    await exchange(client, made["key"])
    assert await superuser.fetchrow(find, made["id"]) == first
    await superuser.execute(
        "UPDATE api_keys SET last_used_at = now() - interval '301 s' WHERE id = $1::uuid", made["id"]
    )
    await exchange(client, made["key"])
    later = await superuser.fetchrow(find, made["id"])
    assert later is not None
    assert later["last_used_at"] > first["last_used_at"]


Act = Callable[[Member, AsyncClient, Manage, FastAPI], Awaitable[Any]]


async def change_password(ada: Member, client: AsyncClient, manage: Manage, app: FastAPI) -> None:
    body = {"current_password": PASSWORD, "new_password": "seven brave tin spoons"}
    assert (await client.post("/auth/password", json=body, headers=ada.headers)).status_code == 204


async def reset_password(ada: Member, client: AsyncClient, manage: Manage, app: FastAPI) -> None:
    await client.post("/auth/password-reset", json={"email": ada.person.email})
    body = {
        "token": next(
            one.token for one in await mails(app, ada.person.email) if one.subject == "Choose a new password"
        ),
        "new_password": "seven brave tin spoons",
    }
    assert (await client.post("/auth/password-reset/confirm", json=body)).status_code == 204


async def disable(ada: Member, client: AsyncClient, manage: Manage, app: FastAPI) -> None:
    await manage(lambda management: management.change(ada.id, SERVER, status="disabled"))
    await manage(lambda management: management.change(ada.id, SERVER, status="active"))


async def sign_out_everywhere(ada: Member, client: AsyncClient, manage: Manage, app: FastAPI) -> None:
    await manage(lambda management: management.sign_out_everywhere(ada.id, SERVER))


async def delete_account(ada: Member, client: AsyncClient, manage: Manage, app: FastAPI) -> None:
    assert (await delete(client, ada)).status_code == 202


@pytest.mark.parametrize(
    "act", [change_password, reset_password, disable, sign_out_everywhere, delete_account], ids=lambda act: act.__name__
)
async def test_keys_end_with_the_sign_ins_of_their_account(
    client: AsyncClient, app: FastAPI, join: Join, manage: Manage, learn: Learn, outbox: Outbox, act: Act
) -> None:
    """S-05, S-26: also after the account may sign in again. The other services are told of each key."""
    ada = await join()
    used, unused = await new_key(client, ada, "auth:read"), await new_key(client, ada)
    token = await exchanged(client, used["key"])
    await act(ada, client, manage, app)
    await learn()
    assert outcome(await client.get("/auth/me", headers=token)) == (401, "invalid-token")
    for made in (used, unused):
        assert outcome(await exchange(client, made["key"])) == (400, "invalid-subject-token")
        told = await outbox.waiting(f"session:{made['id']}")
        assert {target for target, _, _ in told} == set(SessionEndedData.targets)


async def test_signing_out_other_devices_leaves_keys(client: AsyncClient, join: Join, learn: Learn) -> None:
    ada = await join()
    made = await new_key(client, ada, "auth:read")
    token = await exchanged(client, made["key"])
    assert (await client.delete("/auth/sessions", headers=ada.headers)).status_code == 204
    await learn()
    assert (await client.get("/auth/me", headers=token)).status_code == 200


async def test_a_disabled_account_gets_no_token(client: AsyncClient, join: Join, superuser: Connection) -> None:
    """Whatever became of its keys."""
    ada = await join()
    made = await new_key(client, ada)
    await superuser.execute("UPDATE accounts SET status = 'disabled' WHERE id = $1", ada.id)
    assert outcome(await exchange(client, made["key"])) == (400, "invalid-subject-token")


async def test_a_key_never_makes_or_lists_keys(client: AsyncClient, join: Join) -> None:
    ada = await join()
    made = await new_key(client, ada, "auth:read")
    holder = Member(ada.person, {"access_token": (await exchange(client, made["key"])).json()["access_token"]})
    assert outcome(await create(client, holder)) == (403, "not-for-this-caller")
    assert outcome(await client.get("/auth/keys", headers=holder.headers)) == (403, "not-for-this-caller")


async def test_exchanges_and_reports_are_limited_by_source(settings: Settings) -> None:
    """S-12: together, since either tells or ends a key that is guessed."""
    limits = settings.model_copy(update={"rate_limits": True, "rate_limit_api_keys": 3})
    async with running(limits) as app, client_of(app) as client:
        replies = [await exchange(client, random_key()) for _ in range(2)]
        replies += [await client.post("/auth/keys/leaked", json={"key": random_key()}) for _ in range(2)]
        replies += [await exchange(client, "no key")]
    assert [reply.status_code for reply in replies] == [400, 400, 204, 429, 429]
    assert replies[-1].json()["error"] == "temporarily_unavailable"


async def test_the_metadata_names_the_grant_and_the_scopes(client: AsyncClient) -> None:
    """RFC 8414"""
    metadata = (await client.get("/.well-known/oauth-authorization-server")).json()
    assert GRANT in metadata["grant_types_supported"]
    assert metadata["scopes_supported"] == ["api", *KEY_SCOPES]
    assert {"auth:read", "users:read", "users:write"} <= KEY_SCOPES.keys()
