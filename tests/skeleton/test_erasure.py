"""skeleton exports and erases each table about somebody."""

import pytest
from fastapi import FastAPI
from httpx import AsyncClient

from tests.erasing import erase
from tests.events import Outbox
from tests.peers import Peers, gone
from tests.personal_data import kept
from tests.personal_rows import held, left, missing_from_export


@pytest.fixture
async def world(client: AsyncClient, peers: Peers) -> int:
    """Ada, who will be deleted, and has a row in each table."""
    ada, signed_in = peers.new_account("Ada"), peers.issuer.person
    assert (await client.put("/skeleton/me", headers=signed_in(ada))).status_code == 200
    return ada


async def test_each_table_about_somebody_is_exported_and_emptied(
    app: FastAPI, client: AsyncClient, peers: Peers, world: int, outbox: Outbox
) -> None:
    before = await held(outbox.dsn, "skeleton", world)
    path, users = f"/internal/export/{world}", peers.issuer.service("users", "skeleton")
    told = (await client.get(path, headers=users)).json()
    assert missing_from_export("skeleton", before, told["sections"]) == []
    deleted = {"events": [gone(world)]}
    told = await client.post("/internal/events", json=deleted, headers=peers.issuer.service("auth", "skeleton"))
    assert told.status_code == 204
    for done in (False, True):
        if done:
            await erase(app.state.eraser)
        refused = await client.get(path, headers=users)
        assert (refused.status_code, refused.json()["code"]) == (404, "account-gone"), "it would look whole"
    assert await left(outbox.dsn, "skeleton", before) == kept("skeleton")
