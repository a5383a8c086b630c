"""Every fault of a peer becomes PeerUnavailable within the deadline (R-07, R-09, S-30)."""

import asyncio
import json
import socket
import time
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from common import deadlines
from common.calls.service_client import PeerUnavailable, ServiceClient
from common.contracts.events import AuthorData, ProfileData
from common.http.bodies import MAX_BODY
from common.settings import LONGEST_CALL
from common.state_events import Event, StateEvent
from common.tokens.replies import fetch
from tests.common.calls import Number, another, calling, connections
from tests.common.misbehaving import (
    Asked,
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
from tests.waiting import GENEROUS, eventually

DEADLINE = 1.0
GOOD = answer(200, {"number": 7, "unknown": "ignored"})


@contextmanager
def fails_in_time() -> Iterator[None]:
    """The limit is far above the deadline, since the machine may be busy; some of the peers never answer."""
    started = time.monotonic()
    with pytest.raises(PeerUnavailable):
        yield
    assert time.monotonic() - started < GENEROUS


async def ask(client: ServiceClient) -> Number | None:
    return await client.get("/internal/number", Number)


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


async def test_callers_that_go_away_leak_no_connection_and_blame_nobody() -> None:
    async with (
        misbehaving(silence) as peer,
        misbehaving(GOOD) as auth,
        calling(peer.url, auth_url=auth.url, breaker_failures=1) as client,
    ):
        for _ in range(3):
            flock = [asyncio.create_task(ask(client)) for _ in range(30)]
            await asyncio.sleep(0.1)
            for one in flock:
                one.cancel()
            await asyncio.gather(*flock, return_exceptions=True)
        peer.behave = GOOD
        assert await ask(client) == Number(number=7)
        await eventually(lambda: peer.open == 1)
        assert connections(client.http) <= 2, "to the peer and to auth"
        assert client.breaker.state == "closed"
        assert await asyncio.gather(*(ask(client) for _ in range(20))) == [Number(number=7)] * 20


async def test_a_call_may_be_cancelled_at_any_moment() -> None:
    """httpcore alone would lose the connection (findings/httpcore-cancel-leaks-connections.sh)."""
    async with misbehaving(GOOD) as peer:
        for turns in range(60):  # of the loop, until the cancellation
            deadline = timedelta(seconds=5)
            async with calling(peer.url, call_pool_size=6, calls_per_peer=2, call_deadline=deadline) as client:
                flock = [asyncio.create_task(fetch(client.http, "GET", peer.url)) for _ in range(6)]
                for _ in range(turns):
                    await asyncio.sleep(0)
                for one in flock:
                    one.cancel()
                await asyncio.gather(*flock, return_exceptions=True)
                asked = asyncio.gather(*(fetch(client.http, "GET", peer.url) for _ in range(6)))
                assert {reply.status for reply in await asked} == {200}, turns
                assert await asyncio.gather(*(ask(client) for _ in range(6))) == [Number(number=7)] * 6, turns
                assert connections(client.http) <= 6


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


@pytest.mark.parametrize("behaviour", [hang_up, reset, answer(503, {})])
async def test_what_goes_wrong_is_told_also_while_the_peer_is_left_alone(behaviour: Behaviour) -> None:
    """R-30: for each probing call."""
    async with misbehaving(behaviour) as peer, calling(peer.url, breaker_failures=1, retry_share=1) as client:
        for _ in range(2):
            await asyncio.sleep(client.breaker.opens_in)
            with capture_logs() as logged, fails_in_time():
                await ask(client)
            assert [line["peer"] for line in logged if line["event"] == "call failed"] == ["users"]
        assert len(peer.asked) == 2


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


async def test_an_auth_that_is_away_is_not_the_peer_s_fault() -> None:
    async with misbehaving(GOOD) as peer, calling(peer.url, auth_url=closed_port(), breaker_failures=1) as client:
        with fails_in_time():
            await ask(client)
        assert client.breaker.state == "closed"
        assert not peer.asked


async def test_a_post_is_sent_once_and_tells_the_status() -> None:
    async with misbehaving(in_turn(answer(204, b""), answer(422, {}), answer(503, {}), hang_up)) as peer:
        async with calling(peer.url, retry_share=1) as client:
            assert await client.post("/internal/events", {"id": "1"}) == 204
            assert await client.post("/internal/events", b'{"id":"2"}') == 422
            assert await client.post("/internal/events", {}) == 503
            with fails_in_time():
                await client.post("/internal/events", {})
        assert len(peer.asked) == 4
        assert [asked.body for asked in peer.asked[:2]] == [b'{"id": "1"}', b'{"id":"2"}']
        assert {asked.headers["content-type"] for asked in peer.asked} == {"application/json"}


async def test_events_that_no_peer_would_read_are_not_sent() -> None:
    """R-14: the relay gets 413, sends them one by one and parks the large one. The peer does not count as failed."""
    name = ProfileData(name="A" * MAX_BODY, avatar_url=None)
    async with misbehaving(answer(204, b"")) as peer, calling(peer.url, breaker_failures=1) as client:
        assert await client.deliver([StateEvent.now(Event((7,), 1, name))]) == 413
        assert client.breaker.state == "closed"
        assert not peer.asked


async def test_data_that_is_no_object_is_sent_for_the_peer_to_refuse() -> None:
    event = StateEvent.now(Event((7,), 1, AuthorData(posts_count=1)))
    event.data = ["nonsense"]  # type: ignore[assignment]  # as a row may have it
    async with misbehaving(answer(422, {})) as peer, calling(peer.url) as client:
        assert await client.deliver([event]) == 422
        assert json.loads(peer.asked[0].body)["events"][0]["data"] == ["nonsense"]


def closed_port() -> str:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{one.getsockname()[1]}"
