"""A service's own tokens: requested once, renewed in time, and without floods of calls to auth (S-28)."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from common.calls.http_pool import http_pool
from common.tokens.replies import Http
from common.tokens.service_tokens import NoToken, ServiceTokens
from tests.common.calls import SECRET, call_settings
from tests.common.conftest import FakeClock
from tests.common.misbehaving import Asked, Misbehaving, answer, hang_up, in_turn, misbehaving, new_token, silence
from tests.waiting import eventually, in_time


@pytest.fixture
async def auth() -> AsyncIterator[Misbehaving]:
    async with misbehaving(silence) as auth:
        yield auth


@pytest.fixture
async def http() -> AsyncIterator[Http]:
    async with http_pool(call_settings()) as http:
        yield http


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(0.0)


@pytest.fixture
def tokens(auth: Misbehaving, http: Http, clock: FakeClock) -> ServiceTokens:
    deadline = call_settings().call_deadline
    return ServiceTokens(http, auth.url, "svc:posts", SECRET, deadline=deadline, clock=clock)


async def settle(tokens: ServiceTokens) -> None:
    """Let background requests finish."""
    await asyncio.gather(*tokens._asking.values())


async def test_of_many_callers_one_asks_for_each_audience(tokens: ServiceTokens, auth: Misbehaving) -> None:
    given = await asyncio.gather(*(tokens.token_for(name) for name in ("users", "auth") for _ in range(50)))
    assert len(auth.tokens) == 2
    assert len(set(given)) == 2
    assert {asked.body for asked in auth.tokens} == {
        b"grant_type=client_credentials&audience=users",
        b"grant_type=client_credentials&audience=auth",
    }


async def test_a_slow_answer_for_one_audience_delays_no_other(tokens: ServiceTokens, auth: Misbehaving) -> None:
    go_on = asyncio.Event()

    async def slowly(asked: Asked, writer: asyncio.StreamWriter) -> None:
        await go_on.wait()
        await hang_up(asked, writer)

    auth.auth = in_turn(slowly, new_token())
    slow = asyncio.create_task(tokens.token_for("users"))
    await eventually(lambda: auth.tokens)
    assert await tokens.token_for("auth") == "token-1"
    assert not slow.done()
    go_on.set()
    with pytest.raises(NoToken):
        await slow


async def test_an_auth_that_does_not_answer_is_given_up(auth: Misbehaving, http: Http) -> None:
    auth.auth = silence
    tokens = ServiceTokens(http, auth.url, "svc:posts", SECRET, deadline=timedelta(seconds=0.1))
    with pytest.raises(NoToken):
        await in_time(tokens.token_for("users"))
    assert len(auth.tokens) == 1


async def test_a_caller_that_gives_up_ends_the_question_for_nobody_else(
    tokens: ServiceTokens, auth: Misbehaving
) -> None:
    first = asyncio.create_task(tokens.token_for("users"))
    await asyncio.sleep(0)
    second = asyncio.create_task(tokens.token_for("users"))
    await asyncio.sleep(0)
    first.cancel()
    assert await second == "token-1"
    assert len(auth.tokens) == 1


async def test_it_is_renewed_in_time_beside_the_calls(
    tokens: ServiceTokens, auth: Misbehaving, clock: FakeClock
) -> None:
    assert await tokens.token_for("users") == "token-1"
    clock.now = 239
    assert await tokens.token_for("users") == "token-1"
    await settle(tokens)
    assert len(auth.tokens) == 1
    clock.now = 241
    assert await tokens.token_for("users") == "token-1", "nobody waits for the renewal"
    await settle(tokens)
    assert await tokens.token_for("users") == "token-2"
    clock.now += 299
    assert await tokens.token_for("users") == "token-3", "one that has ended is not used"


async def test_an_auth_that_is_away_is_noticed_only_when_the_token_ends(
    tokens: ServiceTokens, auth: Misbehaving, clock: FakeClock
) -> None:
    await tokens.token_for("users")
    auth.auth = answer(503, {})
    clock.now = 280
    assert [await tokens.token_for("users") for _ in range(20)] == ["token-1"] * 20
    await settle(tokens)
    clock.now = 295
    with pytest.raises(NoToken):
        await tokens.token_for("users")


async def test_a_dead_auth_is_asked_once_a_second_and_found_again(
    tokens: ServiceTokens, auth: Misbehaving, clock: FakeClock
) -> None:
    auth.auth = in_turn(answer(500, {}), new_token())
    for clock.now in (0.0, 0.3, 0.6, 0.9):
        with pytest.raises(NoToken):
            await tokens.token_for("users")
    assert len(auth.tokens) == 1
    clock.now = 1.0
    assert await tokens.token_for("users") == "token-1"


@pytest.mark.parametrize(
    "body", [{}, b"", b"<html>", {"access_token": "a\r\nb", "expires_in": 1}, {"access_token": "a", "expires_in": 0}]
)
async def test_what_is_no_token_is_not_used(tokens: ServiceTokens, auth: Misbehaving, body: object) -> None:
    """S-30"""
    auth.auth = answer(200, body)
    with pytest.raises(NoToken):
        await tokens.token_for("users")


async def test_a_refused_token_is_given_up_once_it_is_a_second_old(
    tokens: ServiceTokens, auth: Misbehaving, clock: FakeClock
) -> None:
    refused = await tokens.token_for("users")
    assert not tokens.forget("users", refused), "one just made would be refused again"
    clock.now = 1.0
    assert tokens.forget("users", refused)
    assert await tokens.token_for("users") == "token-2"
    assert tokens.forget("users", refused), "somebody else has renewed it"
    assert await tokens.token_for("users") == "token-2"
    assert len(auth.tokens) == 2
