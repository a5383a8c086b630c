"""Sessions in conduit: whose address renewals count for, and how few of them there are."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from httpx import ASGITransport, AsyncClient, Request, Response

from conduit.clients import sessions
from conduit.clients.accounts import AuthAccounts
from conduit.clients.sessions import Sessions
from conduit.config import Settings
from conduit.main import create_app
from conduit.services.records import OpenedSession
from tests.conduit.conftest import PATIENT, Network, NewPerson

RENEWAL = "auth POST /auth/conduit/renewals"


@dataclass
class Watched(Network):
    """Remembers whom renewals are for, and can hold them up."""

    renewed_for: list[str | None] = field(default_factory=list)
    asked: asyncio.Event = field(default_factory=asyncio.Event)
    go_on: asyncio.Event = field(default_factory=asyncio.Event)

    async def handle_async_request(self, request: Request) -> Response:
        if request.url.path == "/auth/conduit/renewals":
            self.renewed_for.append(request.headers.get("x-forwarded-for"))
            self.asked.set()
            await self.go_on.wait()
        return await super().handle_async_request(request)


@asynccontextmanager
async def process(stack: Network, **settings: Any) -> AsyncIterator[tuple[AsyncClient, Watched, Sessions]]:
    """Another process of conduit, behind a gateway."""
    network = Watched(stack.apps)
    network.go_on.set()
    app = create_app(Settings.model_validate({**PATIENT, "trusted_proxies": ["127.0.0.1"], **settings}), network)
    async with (
        app.router.lifespan_context(app),
        AsyncClient(transport=ASGITransport(app, raise_app_exceptions=False), base_url="http://conduit.test") as client,
    ):
        yield client, network, app.state.verifier


def forged() -> str:
    return f"st1.{secrets.token_hex(4)}.{secrets.token_hex(16)}.{'A' * 43}"


async def ask(client: AsyncClient, token: str, address: str) -> Response:
    headers = {"Authorization": f"Token {token}", "X-Forwarded-For": address}
    return await client.get("/api/user", headers=headers)


@pytest.fixture
def strict_auth(stack: Network, monkeypatch: pytest.MonkeyPatch) -> None:
    """auth allows three renewals for an address."""
    limits = stack.apps["auth"].state.rate_limits
    monkeypatch.setattr(limits, "on", True)
    monkeypatch.setattr(limits._counters["refresh"], "limit", 3)


@pytest.mark.usefixtures("strict_auth")
async def test_forged_tokens_use_up_the_limit_of_their_own_sender(stack: Network, new_person: NewPerson) -> None:
    ada = await new_person()
    async with process(stack, breaker_pause=timedelta(minutes=1), breaker_failures=5) as (client, network, _):
        replies = [await ask(client, forged(), "203.0.113.9") for _ in range(20)]
        assert [reply.status_code for reply in replies] == [401] * 3 + [429] * 17
        assert network.renewed_for == ["203.0.113.9"] * 20
        assert (await ask(client, ada.token, "203.0.113.10")).status_code == 200


@pytest.mark.usefixtures("strict_auth")
async def test_conduit_counts_what_auth_refuses(stack: Network, new_person: NewPerson) -> None:
    async with process(stack, rate_limit_general=5, rate_limits=True) as (client, _, _):
        replies = [await ask(client, forged(), "203.0.113.11") for _ in range(7)]
        left = [reply.headers["ratelimit"].partition(";r=")[2].partition(";")[0] for reply in replies]
        assert left == ["4", "3", "2", "1", "0", "0", "0"]
        assert [reply.status_code for reply in replies] == [401] * 3 + [429] * 4


async def test_all_requests_of_one_token_share_a_renewal(stack: Network, new_person: NewPerson) -> None:
    ada = await new_person()
    async with process(stack) as (client, network, known):
        network.go_on.clear()
        first, *others = [asyncio.create_task(ask(client, ada.token, "203.0.113.12")) for _ in range(8)]
        await network.asked.wait()
        first.cancel()  # one that leaves takes nothing from the others
        network.go_on.set()
        assert [reply.status_code for reply in await asyncio.gather(*others)] == [200] * 7
        assert network.calls.count(RENEWAL) == 1
        assert known.asking == {}


async def test_a_refused_token_is_not_asked_for_again_at_once(stack: Network) -> None:
    token = forged()
    async with process(stack) as (client, network, known):
        for _ in range(3):
            assert (await ask(client, token, "203.0.113.13")).status_code == 401
        assert network.calls == [RENEWAL]
        later = known.now() + sessions.REFUSED_FOR
        known.now = lambda: later
        assert (await ask(client, token, "203.0.113.13")).status_code == 401
        assert network.calls == [RENEWAL, RENEWAL]


def nobody() -> AuthAccounts:
    raise AssertionError("nothing is renewed here")


def opened(token: str) -> OpenedSession:
    return OpenedSession(token, f"access to {token}", 100, 7)


def test_the_oldest_sessions_make_room_and_a_known_one_needs_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sessions, "REMEMBERED", 3)
    now = 0.0
    known = Sessions(nobody, lambda: now)
    for token in "abc":
        known.keep(token, opened(token))
        now += 1
    known.keep("a", opened("a"))
    assert list(known.held) == ["b", "c", "a"]
    known.keep("d", opened("d"))
    assert list(known.held) == ["c", "a", "d"]
    now = 82.5  # c's access token is too old
    known.keep("d", opened("d"))
    assert list(known.held) == ["a", "d"]


def test_a_session_is_found_by_the_token_that_was_sent() -> None:
    known = Sessions(nobody, lambda: 0.0)
    known.keep("as sent", opened("as auth writes it"))
    assert list(known.held) == ["as sent"]


async def test_refused_tokens_take_a_bounded_place(stack: Network, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sessions, "REMEMBERED", 3)
    async with process(stack) as (client, _, known):
        for _ in range(5):
            await ask(client, forged(), "203.0.113.14")
        assert len(known.refused) == 3
