"""skeleton follows its OpenAPI document for any input (R-28, `tests/fuzz.py`)."""

from typing import TYPE_CHECKING

import pytest
from fastapi import FastAPI
from httpx import AsyncClient

from tests.peers import Peers, gone

if TYPE_CHECKING:
    from tests.fuzz import Known


@pytest.mark.fuzz
async def test_skeleton_answers_as_its_schema_says(app: FastAPI, client: AsyncClient, peers: Peers) -> None:
    from tests.fuzz import fuzz  # here, since it imports schemathesis, which takes each test process seconds

    ada, grace, issuer = peers.new_account("Ada"), peers.new_account("Grace"), peers.issuer
    assert (await client.put("/skeleton/me", headers=issuer.person(ada))).status_code == 200
    callers = [
        dict,  # nobody
        lambda: issuer.person(ada),
        lambda: issuer.person(grace, "admin"),
        lambda: issuer.service("auth", "skeleton"),
        lambda: issuer.service("users", "skeleton"),
    ]
    known: Known = {"events": [[gone(peers.new_account())], []], "account_id": [ada, grace]}
    fuzzed = await fuzz(app, client, callers, known)
    assert not fuzzed.failures
    assert not fuzzed.unreached()
