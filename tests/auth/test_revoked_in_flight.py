"""Tokens that are issued while their claims are revoked (S-27)."""

import asyncio
import time

import pytest
from fastapi import FastAPI
from httpx import AsyncClient

from auth.repositories.unit_of_work import unit_of_work
from auth.services.administration.management import Management
from auth.services.records import Role
from common.db.database import TransactionFactory
from tests.auth.conftest import PASSWORD, SERVER, Connection, Join, Learn, Manage, SignedIn, bearer, refresh, roles_in


async def early_in_a_second() -> None:
    await asyncio.sleep(-time.time() % 1)


@pytest.mark.parametrize("how", ["sign-in", "refresh"])
async def test_no_token_with_a_role_outlives_the_role(
    app: FastAPI, client: AsyncClient, join: Join, learn: Learn, how: str
) -> None:
    """In either order: the token is issued before and refused, or after and without the role."""
    await join(Role.admin)
    demoted = await join(Role.admin)
    transactions = TransactionFactory(app.state.database, lambda session: unit_of_work(session, app.state.lifetimes))
    async with transactions() as work:
        await Management(work).change(demoted.id, SERVER, roles=[])
        form = {"username": demoted.person.email, "password": PASSWORD}
        asking = asyncio.create_task(
            client.post("/auth/token", data=form)
            if how == "sign-in"
            else refresh(client, demoted.tokens["refresh_token"])
        )
        await asyncio.sleep(1.2)  # the change commits in a later second than the one it has read
        assert not asking.done(), "it waits for the change"
    reply = await asking
    await learn()
    token = reply.json()["access_token"]
    assert roles_in(token) == []
    assert (await client.get("/auth/me", headers=bearer(token))).status_code == 200
    assert (await client.get("/auth/audit", headers=bearer(token))).status_code == 403


async def test_everybody_s_tokens_are_revoked_as_often_as_it_is_asked_for(
    client: AsyncClient, signed_in: SignedIn, learn: Learn, manage: Manage
) -> None:
    """Also twice in one second: tokens issued in between are dated at the first moment."""
    tokens = await signed_in()
    await early_in_a_second()
    await manage(lambda management: management.revoke_all_tokens(SERVER))
    between = (await refresh(client, tokens["refresh_token"])).json()
    await manage(lambda management: management.revoke_all_tokens(SERVER))
    await learn()
    assert (await client.get("/auth/me", headers=bearer(between["access_token"]))).status_code == 401
    after = (await refresh(client, between["refresh_token"])).json()
    assert (await client.get("/auth/me", headers=bearer(after["access_token"]))).status_code == 200


async def test_everybody_includes_those_whose_own_moment_lies_ahead(
    client: AsyncClient, join: Join, learn: Learn, manage: Manage
) -> None:
    """S-27, both set together."""
    member = await join()
    await early_in_a_second()
    await manage(lambda management: management.change(member.id, SERVER, roles=[Role.moderator]))
    await manage(lambda management: management.change(member.id, SERVER, roles=[]))
    await manage(lambda management: management.change(member.id, SERVER, roles=[Role.moderator]))
    ahead = (await refresh(client, member.tokens["refresh_token"])).json()
    await manage(lambda management: management.revoke_all_tokens(SERVER))
    await learn()
    assert (await client.get("/auth/me", headers=bearer(ahead["access_token"]))).status_code == 401


async def test_sessions_that_nobody_has_used_lately_need_no_telling(
    client: AsyncClient, join: Join, superuser: Connection
) -> None:
    """They are ended too; but they have no valid access token, so no event is needed."""
    member = await join()
    form = {"username": member.person.email, "password": PASSWORD}
    latest = [(await client.post("/auth/token", data=form)).json() for _ in range(4)][-1]
    await superuser.execute(
        "UPDATE sessions SET rotated_at = now() - interval '2 hours' WHERE account_id = $1 AND id <> $2::uuid",
        member.id,
        latest["refresh_token"].split(".")[2],
    )
    told = "SELECT count(*) FROM outbox WHERE type = 'session.ended'"
    before = await superuser.fetchval(told)
    assert (await client.delete("/auth/sessions", headers=bearer(latest["access_token"]))).status_code == 204
    going_on = "SELECT count(*) FROM sessions WHERE account_id = $1 AND ended_at IS NULL"
    assert await superuser.fetchval(going_on, member.id) == 1
    assert await superuser.fetchval(told) == before


async def test_a_session_whose_parent_came_again_lately_is_told_of_when_it_ends(
    client: AsyncClient, join: Join, learn: Learn, superuser: Connection
) -> None:
    """It has a valid access token, although its idle limit did not move."""
    member = await join()
    form = {"username": member.person.email, "password": PASSWORD}
    latest, other = [(await client.post("/auth/token", data=form)).json() for _ in range(2)]
    await refresh(client, other["refresh_token"])
    await superuser.execute(
        "UPDATE sessions SET rotated_at = now() - interval '2 hours' WHERE id = $1::uuid",
        other["refresh_token"].split(".")[2],
    )
    again = (await refresh(client, other["refresh_token"])).json()
    assert (await client.delete("/auth/sessions", headers=bearer(latest["access_token"]))).status_code == 204
    await learn()
    assert (await client.get("/auth/me", headers=bearer(again["access_token"]))).status_code == 401
