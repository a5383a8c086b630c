"""Forged, malformed, mistyped or foreign tokens at auth: each gets a 401, and nothing worse."""

import time

import pytest
from httpx import AsyncClient

from tests.forgeries import Forge, are_refused_promptly, bearer, every_forgery, survives
from tests.mint import Mint


async def test_the_mint_makes_good_tokens(client: AsyncClient, mint: Mint) -> None:
    """Otherwise the forgeries below would be refused for another reason."""
    now = int(time.time())
    good: list[dict[str, object]] = [
        {},
        {"iat": now + 3},
        {"nbf": now + 3},
        {"exp": now + 3600},
        {"iat": now - 300, "nbf": now - 300, "exp": now - 2},
        {"more": {}},
        {"roles": []},
    ]
    for changes in good:
        reply = await client.get("/auth/me", headers=bearer(mint.token(mint.claims(**changes))))
        assert reply.status_code == 200, changes


@every_forgery
async def test_a_forgery_is_a_401_and_a_good_token_still_works(client: AsyncClient, mint: Mint, forge: Forge) -> None:
    """S-15, S-16, S-17"""
    await survives(client, "/auth/me", mint, forge)


@pytest.mark.timing
async def test_forgeries_are_refused_promptly(client: AsyncClient, mint: Mint) -> None:
    await are_refused_promptly(client, "/auth/me", mint)
