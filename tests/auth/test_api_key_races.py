"""API keys that are created, exchanged and revoked at once."""

import asyncio

from fastapi import FastAPI
from httpx import AsyncClient

from auth.services.api_keys.keys import MOST
from tests.auth.api_keys import create, exchange, new_key
from tests.auth.conftest import Connection, Join, Learn, bearer, outcome


async def test_creations_at_once_never_exceed_the_maximum(
    client: AsyncClient, join: Join, superuser: Connection
) -> None:
    ada = await join()
    for _ in range(MOST - 3):
        await new_key(client, ada)
    replies = await asyncio.gather(*(create(client, ada) for _ in range(10)))
    assert sorted(reply.status_code for reply in replies) == [201] * 3 + [409] * 7
    assert await superuser.fetchval("SELECT count(*) FROM api_keys WHERE account_id = $1", ada.id) == MOST


async def test_creations_at_once_with_one_name_make_one_key(client: AsyncClient, join: Join) -> None:
    ada = await join()
    replies = await asyncio.gather(*(create(client, ada, name="nightly import") for _ in range(10)))
    assert sorted(reply.status_code for reply in replies) == [201] + [409] * 9


async def test_no_token_outlives_a_key_that_is_revoked_during_twenty_exchanges(
    client: AsyncClient, join: Join, learn: Learn
) -> None:
    """A token may still be issued from what was read before; the revocation names the key, and so refuses it too."""
    ada = await join()
    made = await new_key(client, ada, "auth:read")

    async def revoke() -> None:
        await asyncio.sleep(0.01)
        assert (await client.delete(f"/auth/keys/{made['id']}", headers=ada.headers)).status_code == 204

    *replies, _ = await asyncio.gather(*(exchange(client, made["key"]) for _ in range(20)), revoke())
    issued = [reply.json()["access_token"] for reply in replies if reply is not None and reply.status_code == 200]
    assert issued
    await learn()
    for token in issued:
        assert outcome(await client.get("/auth/me", headers=bearer(token))) == (401, "invalid-token")


async def test_a_key_that_is_revoked_and_reported_at_once_is_revoked_once(
    client: AsyncClient, join: Join, superuser: Connection
) -> None:
    ada = await join()
    made = await new_key(client, ada)
    acts = [client.post("/auth/keys/leaked", json={"key": made["key"]}) for _ in range(10)]
    acts += [client.delete(f"/auth/keys/{made['id']}", headers=ada.headers) for _ in range(10)]
    assert {reply.status_code for reply in await asyncio.gather(*acts)} <= {204, 404}
    lines = "SELECT count(*) FROM audit_events WHERE account_id = $1 AND action = 'api-key-revoked'"
    assert await superuser.fetchval(lines, ada.id) == 1


async def test_a_key_that_is_created_while_all_are_revoked_is_revoked_or_from_after(
    client: AsyncClient, app: FastAPI, join: Join, superuser: Connection
) -> None:
    """The account is locked by both, so none is missed in between."""
    ada = await join()
    body = {"current_password": ada.person.password, "new_password": "seven brave tin spoons"}
    made, changed = await asyncio.gather(
        create(client, ada), client.post("/auth/password", json=body, headers=ada.headers)
    )
    assert (made.status_code, changed.status_code) == (201, 204)
    row = await superuser.fetchrow(
        "SELECT created_at, revoked_at, at FROM api_keys JOIN audit_events USING (account_id)"
        " WHERE account_id = $1 AND action = 'password-changed'",
        ada.id,
    )
    assert row is not None
    assert row["revoked_at"] is not None or row["created_at"] > row["at"]
