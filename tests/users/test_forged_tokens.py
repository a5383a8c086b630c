"""Forged, malformed, mistyped or foreign tokens at users: each gets a 401, and nothing worse."""

import pytest
from httpx import AsyncClient

from tests.forgeries import Forge, are_refused_promptly, every_forgery, survives
from tests.mint import Mint
from tests.peers import ISSUER, Peers


@pytest.fixture(scope="module")
def mint(peers: Peers) -> Mint:
    return Mint(peers.issuer.kid, peers.issuer.key, ISSUER, peers.new_account(), "users")


@every_forgery
async def test_a_forgery_is_a_401_and_a_good_token_still_works(client: AsyncClient, mint: Mint, forge: Forge) -> None:
    """S-15, S-16, S-17"""
    await survives(client, "/users/me", mint, forge)


@pytest.mark.timing
async def test_forgeries_are_refused_promptly(client: AsyncClient, mint: Mint) -> None:
    await are_refused_promptly(client, "/users/me", mint)
