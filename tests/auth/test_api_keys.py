"""API keys: creating, listing and revoking them, and reports of leaked ones (docs/concepts/api-keys.md)."""

import hashlib
import json
from datetime import datetime, timedelta
from typing import Any

import pytest
from fastapi import FastAPI
from httpx import AsyncClient

from auth.config import Settings
from auth.services.api_keys.key_text import is_well_formed
from auth.services.api_keys.key_text import new_key as random_key
from auth.services.api_keys.keys import MOST
from auth.services.retention import RETENTION
from tests.auth.api_keys import create, exchange, exchanged, new_key
from tests.auth.conftest import PASSWORD, Connection, Join, Learn, Member, client_of, outcome, running
from tests.auth.mails import mails
from tests.auth.second_factors import guard
from tests.conftest import Log


async def listed(client: AsyncClient, owner: Member) -> list[dict[str, Any]]:
    reply = await client.get("/auth/keys", headers=owner.headers)
    assert reply.status_code == 200, reply.text
    items: list[dict[str, Any]] = reply.json()["items"]
    return items


async def trail(superuser: Connection, owner: Member) -> list[tuple[str, str, dict[str, Any]]]:
    found = await superuser.fetch(
        "SELECT action, actor, detail::text FROM audit_events WHERE account_id = $1 AND action LIKE 'api-key-%'"
        " ORDER BY id",
        owner.id,
    )
    return [(row["action"], row["actor"], json.loads(row["detail"])) for row in found]


async def test_a_key_is_shown_once_and_stored_as_a_hash(
    client: AsyncClient, app: FastAPI, join: Join, superuser: Connection
) -> None:
    ada = await join()
    reply = await create(client, ada, name="nightly import", scopes=["users:write", "users:read", "users:read"])
    assert reply.status_code == 201, reply.text
    made = reply.json()
    key = made.pop("key")
    assert is_well_formed(key)
    assert (reply.headers["location"], reply.headers["cache-control"]) == (f"/auth/keys/{made['id']}", "no-store")
    assert (made["name"], made["scopes"], made["last_used_at"]) == (
        "nightly import",
        ["users:read", "users:write"],
        None,
    )
    lasts = datetime.fromisoformat(made["expires_at"]) - datetime.fromisoformat(made["created_at"])
    assert abs(lasts - timedelta(days=90)) < timedelta(seconds=1)
    assert await listed(client, ada) == [made]
    row = await superuser.fetchrow("SELECT * FROM api_keys WHERE account_id = $1", ada.id)
    assert row is not None
    assert row["key_hash"] == hashlib.sha256(key.encode()).digest()
    assert key not in str(dict(row))
    (mail,) = [mail for mail in await mails(app, ada.person.email) if "API key" in mail.subject]
    assert (mail.subject, "nightly import" in mail.text) == ("An API key was created for your account", False)
    assert await trail(superuser, ada) == [
        ("api-key-created", str(ada.id), {"key": made["id"], "scopes": made["scopes"]})
    ]


async def test_a_repeated_creation_has_no_second_effect(client: AsyncClient, join: Join, superuser: Connection) -> None:
    """Whatever `Idempotency-Key` it has: the answer is never stored, so the name refuses the repetition."""
    ada = await join()
    body = {"name": "nightly import", "scopes": ["users:read"]}
    headers = {**ada.headers, "Idempotency-Key": "once"}
    first = await client.post("/auth/keys", json=body, headers=headers)
    assert first.status_code == 201
    assert outcome(await client.post("/auth/keys", json=body, headers=headers)) == (409, "api-key-name-taken")
    assert len(await listed(client, ada)) == 1
    assert await superuser.fetchval("SELECT count(*) FROM idempotency_keys WHERE path = '/auth/keys'") == 0
    await client.delete(first.headers["location"], headers=ada.headers)
    assert (await client.post("/auth/keys", json=body, headers=headers)).status_code == 201, "the name is free again"


async def test_it_needs_a_recent_proof_with_the_second_factor_if_there_is_one(
    client: AsyncClient, join: Join, superuser: Connection
) -> None:
    ada = await join()
    assert (await create(client, ada)).status_code == 201
    await superuser.execute("UPDATE sessions SET created_at = now() - interval '11 min' WHERE account_id = $1", ada.id)
    needed = (401, "insufficient-user-authentication")
    assert outcome(await create(client, ada, name="old")) == needed
    proven = await client.post("/auth/sign-in/step-up", json={"password": PASSWORD}, headers=ada.headers)
    assert proven.status_code == 200, proven.text
    assert (await create(client, ada, name="proven")).status_code == 201
    await guard(superuser, ada.id)
    assert outcome(await create(client, ada, name="without the second factor")) == needed
    assert len(await listed(client, ada)) == 2


async def test_a_session_that_has_just_ended_makes_no_key(
    client: AsyncClient, join: Join, superuser: Connection
) -> None:
    """Within the second in which its access token may still work."""
    ada = await join()
    await superuser.execute("UPDATE sessions SET ended_at = now() WHERE account_id = $1", ada.id)
    assert outcome(await create(client, ada)) == (401, "invalid-token")


@pytest.mark.parametrize(
    "wrong",
    [
        {"scopes": []},
        {"scopes": ["auth:write"]},
        {"scopes": ["api"]},
        {"scopes": ["users:read users:write"]},
        {"scopes": ["users:admin"]},
        {"name": ""},
        {"name": " "},
        {"name": "x" * 101},
        {"expires_in_days": 0},
        {"expires_in_days": 366},
        {"expires_in_days": "90"},
    ],
    ids=str,
)
async def test_a_key_has_known_scopes_a_name_and_a_bounded_life(
    client: AsyncClient, join: Join, wrong: dict[str, Any]
) -> None:
    ada = await join()
    assert outcome(await create(client, ada, **wrong)) == (422, "validation-failed")
    assert await listed(client, ada) == []


async def test_keys_without_expiry_exist_only_where_the_setting_allows_them(
    client: AsyncClient, join: Join, settings: Settings
) -> None:
    ada = await join()
    assert outcome(await create(client, ada, expires_in_days=None)) == (422, "api-key-must-expire")
    async with running(settings.model_copy(update={"api_keys_without_expiry": True})) as app, client_of(app) as lax:
        made = await new_key(lax, ada, expires_in_days=None)
        assert made["expires_at"] is None
        assert (await exchange(lax, made["key"])).status_code == 200


async def test_an_account_has_at_most_twenty(client: AsyncClient, join: Join) -> None:
    ada = await join()
    made = [await new_key(client, ada) for _ in range(MOST)]
    assert outcome(await create(client, ada)) == (409, "too-many-api-keys")
    assert (await client.delete(f"/auth/keys/{made[7]['id']}", headers=ada.headers)).status_code == 204
    assert (await create(client, ada)).status_code == 201
    assert len(await listed(client, ada)) == MOST


async def test_a_revoked_key_is_refused_with_its_tokens(
    client: AsyncClient, app: FastAPI, join: Join, learn: Learn, superuser: Connection
) -> None:
    ada, bob = await join(), await join()
    made = await new_key(client, ada, "auth:read")
    token = await exchanged(client, made["key"])
    assert (await client.get("/auth/me", headers=token)).json()["id"] == ada.id
    path = f"/auth/keys/{made['id']}"
    assert outcome(await client.delete(path, headers=bob.headers)) == (404, "api-key-not-found")
    assert (await client.delete(path, headers=ada.headers)).status_code == 204
    assert outcome(await client.delete(path, headers=ada.headers)) == (404, "api-key-not-found")
    await learn()
    assert outcome(await client.get("/auth/me", headers=token)) == (401, "invalid-token")
    assert outcome(await exchange(client, made["key"])) == (400, "invalid-subject-token")
    assert await listed(client, ada) == []
    assert "An API key of your account was revoked" in [mail.subject for mail in await mails(app, ada.person.email)]
    reason = {"keys": [made["id"]], "reason": "revoked by its owner"}
    assert (await trail(superuser, ada))[-1] == ("api-key-revoked", str(ada.id), reason)


async def test_a_leaked_key_is_revoked_whoever_reports_it(
    client: AsyncClient, app: FastAPI, join: Join, superuser: Connection
) -> None:
    ada = await join()
    made = await new_key(client, ada)
    for text in (made["key"], made["key"], random_key(), "trv_", "a password"):
        reply = await client.post("/auth/keys/leaked", json={"key": text})
        assert (reply.status_code, reply.content) == (204, b"")
    assert outcome(await exchange(client, made["key"])) == (400, "invalid-subject-token")
    subjects = [mail.subject for mail in await mails(app, ada.person.email)]
    assert subjects.count("An API key of your account was found in public") == 1
    reason = {"keys": [made["id"]], "reason": "reported as leaked"}
    assert (await trail(superuser, ada))[1:] == [("api-key-revoked", "anonymous", reason)]


async def test_keys_that_are_over_are_kept_for_a_month(
    client: AsyncClient, app: FastAPI, join: Join, superuser: Connection
) -> None:
    ada = await join()
    names = {}
    for column in ("revoked_at", "expires_at"):
        for days in (31, 29):
            made = await new_key(client, ada)
            names[made["id"]] = days
            await superuser.execute(
                f"UPDATE api_keys SET {column} = now() - $2::int * interval '1 day' WHERE id = $1::uuid",  # noqa: S608
                made["id"],
                days,
            )
    await RETENTION.apply(app.state.transactions)
    left = await superuser.fetch("SELECT id FROM api_keys WHERE account_id = $1", ada.id)
    assert {str(row["id"]) for row in left} == {key for key, days in names.items() if days == 29}


async def test_no_key_is_in_the_log(settings: Settings, join: Join, log: Log) -> None:
    """S-46"""
    ada = await join()
    async with running(settings) as app, client_of(app) as client:
        log()
        made = await new_key(client, ada)
        await exchange(client, made["key"])
        await exchange(client, random_key())
        await client.post("/auth/keys/leaked", json={"key": made["key"]})
        said = str(log())
    assert "API key created" in said
    assert "API key refused" in said
    assert "trv_" not in said
