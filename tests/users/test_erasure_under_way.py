"""users erases accounts while others look them up and follow them."""

import asyncio

import httpx
import pytest
from fastapi import FastAPI
from httpx import AsyncClient

from tests.erasing import erase
from tests.events import Outbox
from tests.peers import Peers, gone
from tests.users.conftest import SignedIn
from tests.users.telling import REMEMBERED, counts, tell
from users.repositories import erasing


async def test_an_account_that_is_looked_up_is_not_kept_if_its_deletion_has_come_meanwhile(
    app: FastAPI,
    client: AsyncClient,
    peers: Peers,
    signed_in: SignedIn,
    outbox: Outbox,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """auth answers from an earlier state."""
    answer = peers.handle_async_request

    async def too_late(request: httpx.Request) -> httpx.Response:
        reply = await answer(request)
        if request.url.path.startswith("/internal/accounts/"):
            await tell(client, peers, gone(int(request.url.path.rpartition("/")[2])))
        return reply

    monkeypatch.setattr(peers, "handle_async_request", too_late)
    bob = peers.new_account()
    for method, path in (("GET", "me"), ("GET", "{}"), ("PUT", "{}/follow"), ("PATCH", "me")):
        ada = peers.new_account()
        me = signed_in(bob if "follow" in path else ada)
        reply = await client.request(method, f"/users/{path.format(ada)}", headers=me, json={"bio": "b"})
        assert (reply.status_code, f"/internal/accounts/{ada}" in peers.asked) == (404, True)
        await erase(app.state.eraser)
        assert await outbox.naming(ada) == REMEMBERED


async def test_counters_are_right_when_others_are_at_work_meanwhile(
    app: FastAPI,
    client: AsyncClient,
    peers: Peers,
    signed_in: SignedIn,
    outbox: Outbox,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Two people are erased while others follow and unfollow each other and them, without deadlocks."""
    monkeypatch.setattr(erasing, "MANY", 2)
    people = [peers.new_account() for _ in range(8)]
    leavers, stayers = people[::4], [one for one in people if one not in people[::4]]
    pairs = [(one, other) for one in people for other in people if one != other]
    for one, other in pairs:
        await client.put(f"/users/{other}/follow", headers=signed_in(one))
    for leaver in leavers:
        peers.accounts[leaver] = gone(leaver)

    async def busy(me: int) -> None:
        for verb in ("DELETE", "PUT"):
            for other in people:
                if other != me:
                    await client.request(verb, f"/users/{other}/follow", headers=signed_in(me))

    async def leave() -> None:
        await tell(client, peers, *(gone(leaver) for leaver in leavers))
        await asyncio.gather(erase(app.state.eraser), erase(app.state.eraser))

    await asyncio.gather(leave(), *(busy(stayer) for stayer in stayers))
    for stayer in stayers:
        assert await counts(client, stayer) == (len(stayers) - 1, len(stayers) - 1)
    for leaver in leavers:
        assert await outbox.naming(leaver) == REMEMBERED
