"""`Idempotency-Key` at sign-up (S-44). The mechanism: tests/posts/test_idempotency.py."""

import asyncio
import itertools

import pytest
from fastapi import FastAPI
from httpx import AsyncClient

from tests.auth.conftest import PASSWORD, Connection, new_email
from tests.waiting import eventually


async def test_a_repeated_sign_up_makes_one_account(client: AsyncClient, superuser: Connection) -> None:
    person = {"email": new_email(), "password": PASSWORD, "name": "Ada"}
    headers = {"Idempotency-Key": "sign-up-1"}
    replies = await asyncio.gather(*(client.post("/auth/register", json=person, headers=headers) for _ in range(5)))
    assert {reply.status_code for reply in replies} <= {201, 409}
    again = await client.post("/auth/register", json=person, headers=headers)
    assert (again.status_code, again.headers["idempotency-replayed"]) == (201, "true")
    assert again.headers["location"] == f"/users/{again.json()['id']}"
    assert all(reply.json() == again.json() for reply in replies if reply.status_code == 201)
    assert await superuser.fetchval("SELECT count(*) FROM accounts WHERE email = $1", person["email"]) == 1


async def test_another_persons_key_gives_nothing_away(
    client: AsyncClient, app: FastAPI, superuser: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """S-44: without a token all callers share a subject, so the bodies must be byte for byte equal."""
    headers = {"Idempotency-Key": "sign-up-2"}
    person = {"email": new_email(), "password": PASSWORD, "name": "Ada"}
    assert (await client.post("/auth/register", json=person, headers=headers)).status_code == 201
    others = (person | {"password": "a guessed password"}, person | {"email": new_email()})
    secrets = (app.state.fingerprint_key, b"after a change of the database's password")
    for secret, other in itertools.product(secrets, others):
        monkeypatch.setitem(app.state._state, "fingerprint_key", secret)
        reply = await client.post("/auth/register", json=other, headers=headers)
        assert (reply.status_code, reply.json()["code"]) == (422, "idempotency-key-reused")
        assert person["email"] not in reply.text
    stored = await superuser.fetchrow("SELECT * FROM idempotency_keys WHERE key = 'sign-up-2'")
    assert PASSWORD not in str(stored)


async def test_no_connection_is_held_while_a_password_is_hashed(client: AsyncClient, app: FastAPI) -> None:
    person = {"email": new_email(), "password": PASSWORD, "name": "Ada"}
    headers = {"Idempotency-Key": "sign-up-3"}
    turns = app.state.passwords._limiter
    people = range(int(turns.total_tokens))
    await asyncio.gather(*(turns.acquire_on_behalf_of(n) for n in people))
    try:
        signing_up = asyncio.create_task(client.post("/auth/register", json=person, headers=headers))
        await eventually(lambda: turns.statistics().tasks_waiting == 1)  # for a slot to hash
        await eventually(lambda: app.state.database.engine.pool.checkedout() == 0)  # but for reads in the background
    finally:
        for n in people:
            turns.release_on_behalf_of(n)
    assert (await signing_up).status_code == 201
