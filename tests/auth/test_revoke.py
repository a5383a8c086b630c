"""Signing out: `POST /auth/revoke` (RFC 7009)."""

import pytest
from fastapi import FastAPI
from httpx import AsyncClient

from tests.auth.conftest import NEVER, Connection, SignedIn, bearer, refresh
from tests.auth.refreshing import ending, spent


@pytest.mark.parametrize(
    "token",
    ["garbage", "rt1.x", f"rt1.00000000.{NEVER}.1.{'A' * 43}", "a.b.c", "\ufffd", "x" * 10_000],
    ids=lambda token: ascii(token)[:20],
)
async def test_garbage_is_revoked_with_200(client: AsyncClient, token: str) -> None:
    """S-26"""
    reply = await client.post("/auth/revoke", data={"token": token, "token_type_hint": "whatever", "more": "1"})
    assert (reply.status_code, reply.content) == (200, b"")
    assert reply.headers["cache-control"] == "no-store"


async def test_a_revoked_session_cannot_be_refreshed_whichever_of_its_tokens_was_given(
    client: AsyncClient, signed_in: SignedIn, superuser: Connection
) -> None:
    """S-26"""
    for generation in range(3):
        tokens = [(await signed_in())["refresh_token"]]
        for _ in range(2):
            tokens.append((await refresh(client, tokens[-1])).json()["refresh_token"])
        for _ in range(2):
            reply = await client.post("/auth/revoke", data={"token": tokens[generation]})
            assert reply.status_code == 200
        assert await ending(superuser, tokens[0]) == "signed out"
        assert spent(await refresh(client, tokens[-1]))


async def test_a_forged_token_revokes_nothing(client: AsyncClient, signed_in: SignedIn) -> None:
    token = (await signed_in())["refresh_token"]
    await client.post("/auth/revoke", data={"token": token[:-43] + "A" * 43})
    assert (await refresh(client, token)).status_code == 200


async def test_an_access_token_ends_its_own_session_and_no_other(
    client: AsyncClient, app: FastAPI, signed_in: SignedIn
) -> None:
    """S-26: auth refuses the tokens at once, and other services once they have the event."""
    mine, other = await signed_in(), await signed_in()
    assert (await client.post("/auth/revoke", data={"token": mine["access_token"]})).status_code == 200
    await app.state.revoked.read()  # in production every second
    assert (await client.get("/auth/me", headers=bearer(mine["access_token"]))).status_code == 401
    assert spent(await refresh(client, mine["refresh_token"]))
    assert (await client.post("/auth/revoke", data={"token": mine["access_token"]})).status_code == 200
    assert (await client.get("/auth/me", headers=bearer(other["access_token"]))).status_code == 200
    assert (await refresh(client, other["refresh_token"])).status_code == 200


@pytest.mark.parametrize("form", [{}, {"token": ""}, {"token_type_hint": "refresh_token"}])
async def test_a_token_must_be_given(client: AsyncClient, form: dict[str, str]) -> None:
    reply = await client.post("/auth/revoke", data=form or {"other": "1"})
    assert (reply.status_code, reply.json()["error"]) == (400, "invalid_request")
