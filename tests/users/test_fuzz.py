"""users follows its OpenAPI document for any input (R-28, `tests/fuzz.py`)."""

from typing import TYPE_CHECKING

import pytest
from fastapi import FastAPI
from httpx import AsyncClient

from tests.peers import Peers, event

if TYPE_CHECKING:
    from tests.fuzz import Known


@pytest.mark.fuzz
async def test_users_answers_as_its_schema_says(app: FastAPI, client: AsyncClient, peers: Peers) -> None:
    from tests.fuzz import fuzz  # here, since it imports schemathesis, which takes each test process seconds

    ada, grace, nobody = peers.new_account("Ada"), peers.new_account("Grace"), 7
    signed_in = peers.issuer.person(ada)
    for other in (grace, peers.new_account("Alan")):
        assert (await client.put(f"/users/{other}/follow", headers=signed_in)).status_code == 204
    issuer = peers.issuer
    callers = [
        dict,  # nobody
        lambda: issuer.person(ada),
        lambda: issuer.person(ada),
        lambda: issuer.person(grace, "admin"),
        lambda: issuer.service("posts", "users"),
    ]
    page = (await client.get(f"/users/{ada}/following?limit=1", headers=signed_in)).json()
    author = event("author", {"posts_count": 3}, ada)
    known: Known = {
        "events": [[author], []],
        "user_id": [ada, grace, nobody],
        "ids": [f"{ada},{grace}", f"{nobody}"],
        "cursor": [page["next_cursor"]],
        "q": ["ada", "%", "a b"],
    }
    fuzzed = await fuzz(app, client, callers, known)
    assert not fuzzed.failures
    assert not fuzzed.unreached()
