"""Which calls to other services are made again, when, and how often (R-16)."""

import asyncio
import time

import pytest

from common.calls.service_client import PeerUnavailable
from common.settings import LONGEST_CALL
from tests.common.calls import GOOD, Number, ask, calling, fails_in_time
from tests.common.misbehaving import Asked, answer, hang_up, in_turn, misbehaving


async def test_a_second_try_is_told_the_time_that_is_left() -> None:
    async def late(asked: Asked, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(0.15)
        await hang_up(asked, writer)

    async with misbehaving(in_turn(late, GOOD)) as peer, calling(peer.url, retry_share=1) as client:
        assert await ask(client) == Number(number=7)
        first, second = (asked.deadline_ms for asked in peer.asked)
        assert first <= LONGEST_CALL.total_seconds() * 1000
        assert 0 < second <= first - 150


async def test_reads_that_broke_are_repeated_once_within_the_budget() -> None:
    async with misbehaving(hang_up) as peer, calling(peer.url, breaker_failures=1000) as client:
        for _ in range(100):
            with pytest.raises(PeerUnavailable):
                await ask(client)
        assert 105 <= len(peer.asked) <= 110


async def test_a_storm_of_503_reaches_the_peer_at_most_1_1_times() -> None:
    """R-16, without the breaker; with it the peer gets five calls and then one per pause."""
    async with (
        misbehaving(answer(503, {})) as peer,
        calling(peer.url, breaker_failures=1000) as client,
    ):
        await asyncio.gather(*(ask(client) for _ in range(100)), return_exceptions=True)
        assert 100 < len(peer.asked) <= 110


async def test_with_the_breaker_a_storm_reaches_the_peer_hardly_and_healing_is_noticed() -> None:
    """R-16: normal again within 10 s; here within a pause."""
    async with misbehaving(answer(503, {})) as peer, calling(peer.url, breaker_pause=1) as client:
        for _ in range(200):
            with pytest.raises(PeerUnavailable):
                await ask(client)
        assert len(peer.asked) <= 10
        peer.behave = GOOD
        await asyncio.sleep(client.breaker.opens_in)
        assert await ask(client) == Number(number=7)
        assert client.breaker.state == "closed"


async def test_a_peer_that_says_when_to_come_back_is_not_asked_before() -> None:
    async with misbehaving(answer(503, {}, Retry_After="60")) as peer, calling(peer.url, retry_share=1) as client:
        with fails_in_time():
            await ask(client)
        assert len(peer.asked) == 1


async def test_a_token_refused_with_401_is_renewed_once() -> None:
    async with misbehaving(in_turn(GOOD, answer(401, {}), GOOD)) as peer, calling(peer.url) as client:
        await ask(client)
        await asyncio.sleep(1.05)  # a token is not replaced in its first second
        assert await ask(client) == Number(number=7)
        assert [asked.headers["authorization"][-1] for asked in peer.asked] == ["1", "1", "2"]


async def test_a_peer_that_refuses_every_token_makes_no_storm_at_auth() -> None:
    """A new token is requested at most once a second."""
    async with misbehaving(answer(401, {})) as peer, calling(peer.url) as client:
        started = time.monotonic()
        for _ in range(20):
            with fails_in_time():
                await ask(client)
        renewals = len(peer.tokens) - 1
        assert renewals <= time.monotonic() - started
        assert len(peer.asked) == 20 + renewals
        assert client.breaker.state == "closed"
