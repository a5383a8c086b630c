"""Every fault of a peer becomes PeerUnavailable within the deadline (R-07, R-09, S-30)."""

import asyncio
import socket
import tracemalloc

import pytest
from structlog.testing import capture_logs

from common import deadlines
from common.calls.service_client import PeerUnavailable
from common.settings import LONGEST_CALL
from tests.common.calls import GOOD, Number, another, ask, calling, closed_port, connections, fails_in_time
from tests.common.misbehaving import (
    Behaviour,
    answer,
    drip,
    flood,
    hang_up,
    in_turn,
    misbehaving,
    nonsense,
    reset,
    silence,
)
from tests.timing import Within, also_timed

DEADLINE = 1.0


async def test_a_good_answer_and_a_404() -> None:
    async with misbehaving(in_turn(GOOD, answer(404, {}))) as peer, calling(peer.url) as client:
        assert await ask(client) == Number(number=7)
        assert await ask(client) is None
        assert peer.asked[0].headers["authorization"] == "Bearer token-1"


BLAMED: dict[str, Behaviour] = {
    "silence": silence,
    "a byte a second": drip,
    "50 MiB": flood,
    "gzip": answer(200, b"\x1f\x8b\x08\x00", Content_Encoding="gzip"),
    "reset in the middle": reset,
    "closed at once": hang_up,
    "not HTTP": nonsense,
    "500": answer(500, {}),
    "503": answer(503, {}),
    "503 with Retry-After": answer(503, {}, Retry_After="1"),
    "429": answer(429, {}, Retry_After="1"),
}
BAD_ANSWERS: dict[str, Behaviour] = {
    "302": answer(302, {"number": 7}, Location="/internal/elsewhere"),
    "HTML": answer(200, b"<html>welcome</html>", Content_Type="text/html"),
    "wrong types": answer(200, {"number": "seven"}),
    "not an object": answer(200, [7]),
    "nothing": answer(200, b""),
    "403": answer(403, {}),
    "204": answer(204, b""),
}


@pytest.mark.parametrize("behaviour", BLAMED.values(), ids=list(BLAMED))
async def test_a_peer_in_trouble_is_unavailable_in_time_and_then_left_alone(behaviour: Behaviour) -> None:
    async with misbehaving(behaviour) as peer, calling(peer.url, breaker_failures=2, call_deadline=DEADLINE) as client:
        await client.tokens.token_for("users")
        for _ in range(2):
            with fails_in_time():
                await ask(client)
        assert client.breaker.state == "open"
        seen = len(peer.asked)
        with fails_in_time():
            await ask(client)
        assert len(peer.asked) == seen == 2


@pytest.mark.parametrize("behaviour", BAD_ANSWERS.values(), ids=list(BAD_ANSWERS))
async def test_a_bad_answer_is_refused_and_not_asked_for_again(behaviour: Behaviour) -> None:
    """The peer is up, so its other routes stay in use; redirects are not followed (S-30)."""
    async with misbehaving(behaviour) as peer, calling(peer.url, breaker_failures=1) as client:
        with fails_in_time():
            await ask(client)
        assert client.breaker.state == "closed"
        assert [asked.path for asked in peer.asked] == ["/internal/number"]


async def test_a_flood_is_not_kept_in_memory() -> None:
    async with misbehaving(flood) as peer, calling(peer.url) as client:
        tracemalloc.start()
        try:
            with fails_in_time():
                await ask(client)
            assert tracemalloc.get_traced_memory()[1] < 8 * 1024 * 1024
        finally:
            tracemalloc.stop()
        assert await peer.all_closed() or connections(client.http) <= 1  # the token's connection may stay


async def test_a_closed_port() -> None:
    async with misbehaving(GOOD) as auth, calling(closed_port(), auth_url=auth.url) as client:
        with fails_in_time():
            await ask(client)


async def test_a_backlog_that_nobody_accepts() -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        waiting = [socket.socket() for _ in range(4)]  # fill the backlog, so that further connections cannot be made
        try:
            for one in waiting:
                one.setblocking(False)
                one.connect_ex(listener.getsockname())
            async with misbehaving(GOOD) as auth, calling(url, auth_url=auth.url, connect_timeout=0.1) as client:
                with fails_in_time():
                    await ask(client)
        finally:
            for one in waiting:
                one.close()


async def test_a_dead_peer_costs_bounded_connections_and_the_other_peer_nothing() -> None:
    """100 calls at once; the other peer answers normally."""
    async with misbehaving(silence) as dead, misbehaving(GOOD) as good:
        async with calling(dead.url, auth_url=good.url, call_deadline=4) as client:
            other = another(client, "auth", good.url)
            await ask(other)
            flock = [asyncio.create_task(ask(client)) for _ in range(100)]
            await asyncio.sleep(0)
            for _ in range(20):
                assert await ask(other) == Number(number=7)
            assert not any(one.done() for one in flock), "within the dead peer's deadline"
            ended = await asyncio.gather(*flock, return_exceptions=True)
            assert {type(one) for one in ended} == {PeerUnavailable}
            assert dead.most_open == 20
            assert client.breaker.state != "closed"
            assert connections(client.http) <= 3
        assert await dead.all_closed()


@also_timed
async def test_the_deadline_of_the_request_is_passed_on_and_kept(within: Within) -> None:
    """R-09: a call gets the remaining time, not its own limit."""
    async with (
        misbehaving(silence) as peer,
        misbehaving(GOOD) as auth,
        calling(peer.url, auth_url=auth.url, breaker_failures=1) as client,
    ):
        with within(LONGEST_CALL.total_seconds() / 2), fails_in_time(), deadlines.within(0.2):
            await ask(client)
        assert 0 < peer.asked[0].deadline_ms <= 200
        assert client.breaker.state == "closed", "a peer that was given little time is not to blame"
        with fails_in_time(), deadlines.within(0):
            await ask(client)
        assert len(peer.asked) == 1


@pytest.mark.parametrize("behaviour", [hang_up, reset, answer(503, {})])
async def test_what_goes_wrong_is_told_also_while_the_peer_is_left_alone(behaviour: Behaviour) -> None:
    """R-30: for each probing call. The pause is so long that no retry comes after it."""
    async with (
        misbehaving(behaviour) as peer,
        calling(peer.url, breaker_failures=1, breaker_pause=1, retry_share=1) as client,
    ):
        for _ in range(2):
            await asyncio.sleep(client.breaker.opens_in)
            with capture_logs() as logged, fails_in_time():
                await ask(client)
            assert [line["peer"] for line in logged if line["event"] == "call failed"] == ["users"]
        assert len(peer.asked) == 2


async def test_an_auth_that_is_away_is_not_the_peer_s_fault() -> None:
    async with misbehaving(GOOD) as peer, calling(peer.url, auth_url=closed_port(), breaker_failures=1) as client:
        with fails_in_time():
            await ask(client)
        assert client.breaker.state == "closed"
        assert not peer.asked
