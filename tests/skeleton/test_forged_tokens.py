"""Forged, malformed, mistyped or foreign tokens at skeleton: each gets a 401, and nothing worse."""

import pytest
from httpx import AsyncClient

from tests.forgeries import Forge, every_forgery, survives
from tests.mint import Mint
from tests.peers import ISSUER, Peers


@pytest.fixture(scope="module")
def mint(peers: Peers) -> Mint:
    return Mint(peers.issuer.kid, peers.issuer.key, ISSUER, peers.new_account(), "skeleton")


@every_forgery
async def test_a_forgery_is_a_401_and_a_good_token_still_works(
    client: AsyncClient, mint: Mint, peers: Peers, forge: Forge
) -> None:
    """S-15, S-16, S-17"""
    await client.put("/skeleton/me", headers=peers.issuer.person(mint.account_id))
    await survives(client, "/skeleton/me", mint, forge)
