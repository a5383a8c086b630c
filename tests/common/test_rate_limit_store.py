"""Rate limits in a store: for several processes together, and while the store is away. By a real Valkey.

The rules of windows are in test_rate_limits.py, for both places; through auth's API: tests/auth/test_rate_limits.py.
"""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest
from fastapi import FastAPI
from httpx import AsyncClient, Response
from structlog.testing import capture_logs

from common.calls.rate_limit_store import RateLimitStore
from common.http.rate_limits import StoreUnavailable
from common.serving import collectors
from deploy.local.ports import free_port
from tests.common.conftest import probe_app, probe_settings, probing
from tests.store import PASSWORD, ValkeyServer, running_store
from tests.waiting import in_time

LIMIT = 10
WHO = "/probe/who"


@pytest.fixture(scope="module")
def server() -> Iterator[ValkeyServer]:
    with running_store() as server:
        yield server


@pytest.fixture
def store(server: ValkeyServer) -> ValkeyServer:
    """It runs, and is empty."""
    if not server.is_running:
        server.start()
    server.admin.flushall()
    return server


def limited_app(store: dict[str, Any], **changes: object) -> FastAPI:
    """Its breaker opens at the second failure, and lets a request through at once."""
    settings = {"rate_limits": True, "rate_limit_general": LIMIT, **store, "breaker_failures": 2, "breaker_pause": 0}
    return probe_app(**{**settings, **changes})


@asynccontextmanager
async def limited(store: dict[str, Any], **changes: object) -> AsyncIterator[AsyncClient]:
    async with probing(limited_app(store, **changes)) as client:
        yield client


def statuses(replies: Sequence[Response]) -> dict[int, int]:
    return dict(Counter(reply.status_code for reply in replies))


async def test_replicas_admit_together_as_many_as_the_limit(store: ValkeyServer) -> None:
    """S-12"""
    async with limited(store.settings) as one, limited(store.settings) as other:
        replies = await asyncio.gather(*((one, other)[n % 2].get(WHO) for n in range(3 * LIMIT)))
    assert statuses(replies) == {200: LIMIT, 429: 2 * LIMIT}
    assert sorted(reply.headers["ratelimit"][:14] for reply in replies)[-LIMIT:] == sorted(
        f'"general";r={n};' for n in range(LIMIT)
    )


async def test_the_answer_tells_what_the_store_counts(store: ValkeyServer) -> None:
    async with limited(store.settings) as one, limited(store.settings) as other:
        first = await one.get(WHO)
        store.pass_time(20)
        second = await other.get(WHO)
        for _ in range(LIMIT - 2):
            await one.get(WHO)
        refused = await other.get(WHO)
    assert first.headers["ratelimit-policy"] == second.headers["ratelimit-policy"] == f'"general";q={LIMIT};w=60'
    assert first.headers["ratelimit"] == f'"general";r={LIMIT - 1};t=60'
    assert second.headers["ratelimit"].startswith(f'"general";r={LIMIT - 2};t=')
    assert int(second.headers["ratelimit"].rpartition("=")[2]) <= 40
    assert (refused.status_code, refused.json()["code"]) == (429, "rate-limited")
    assert f'"general";r=0;t={refused.headers["retry-after"]}' == refused.headers["ratelimit"]


async def test_the_process_clock_does_not_matter(store: ValkeyServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """R-24"""
    right = time.time
    async with limited(store.settings) as client:
        for skew in (86_400, -86_400):
            monkeypatch.setattr(time, "time", lambda skew=skew: right() + skew)
            replies = [await client.get(WHO) for _ in range(LIMIT)]
    assert statuses(replies) == {429: LIMIT}


async def test_keys_are_short_expire_and_hold_no_address(store: ValkeyServer) -> None:
    async with limited(store.settings) as client:
        await client.get(WHO)
    counters = open_store(store.settings, service="auth")
    await counters.hit("sign-in", "a source " * 1000, 60)
    await counters.close()
    keys = sorted(store.admin.keys())
    assert [key.rpartition(":")[0] for key in keys] == ["trivium:auth:sign-in", "trivium:probe:general"]
    assert {len(key.rpartition(":")[2]) for key in keys} == {20}
    assert "127.0.0.1" not in str(keys)
    assert all(0 < store.admin.pttl(key) <= 60_000 for key in keys)


def open_store(store: dict[str, Any], service: str = "probe", **changes: object) -> RateLimitStore:
    return RateLimitStore.of(probe_settings(**store, **changes), service)


async def test_another_password_makes_other_keys(store: ValkeyServer) -> None:
    """A copy of the keys does not tell addresses by trying all of them."""
    names = set()
    for password in (PASSWORD, PASSWORD.swapcase()):
        counters = open_store({**store.settings, "rate_limit_store_password": password})
        names.add(counters.key("general", "192.0.2.1"))
        await counters.close()
    assert len(names) == 2


async def test_without_the_store_each_process_counts_for_itself_until_it_is_back(store: ValkeyServer) -> None:
    async with limited(store.settings) as one, limited(store.settings) as other:
        assert statuses([await one.get(WHO) for _ in range(LIMIT)]) == {200: LIMIT}
        store.kill()
        with capture_logs() as told:
            for client in (one, other):
                alone = [await client.get(WHO) for _ in range(LIMIT + 3)]
                assert statuses(alone) == {200: LIMIT, 429: 3}
                assert '"general";r=0;t=' in alone[-1].headers["ratelimit"]
            store.start()
            again = [await client.get(WHO) for client in (one, other) for _ in range(LIMIT)]
    assert statuses(again) == {200: LIMIT, 429: LIMIT}
    changes = [line["event"] for line in told if line.get("peer") == "rate-limit-store"]
    assert changes == ["circuit breaker opened"] * 2 + ["peer answers again"] * 2
    assert "Error" in next(line["cause"] for line in told if "cause" in line)


async def test_a_store_that_must_not_fail_refuses_requests_while_it_is_away(store: ValkeyServer) -> None:
    async with limited(store.settings, rate_limit_store_fails="closed") as client:
        assert (await client.get(WHO)).status_code == 200
        store.kill()
        away = [await client.get(WHO) for _ in range(5)]
        alive = await client.get("/livez")
        ready = await client.get("/readyz")
        store.start()
        back = await client.get(WHO)
    assert statuses(away) == {503: 5}
    assert (away[0].json()["code"], away[0].headers["retry-after"]) == ("rate-limits-unavailable", "1")
    assert (alive.status_code, ready.status_code, back.status_code) == (200, 200, 200)


@pytest.mark.parametrize("wrong", [{"rate_limit_store_password": "no" * 20}, {"rate_limit_store_password": None}])
async def test_with_a_wrong_password_each_process_counts_for_itself(store: ValkeyServer, wrong: dict[str, Any]) -> None:
    async with limited({**store.settings, **wrong}) as client:
        with capture_logs() as told:
            replies = [await client.get(WHO) for _ in range(LIMIT + 1)]
    assert statuses(replies) == {200: LIMIT, 429: 1}
    (opened,) = (line for line in told if line["event"] == "circuit breaker opened")
    assert "Authentication" in opened["cause"]
    assert "nono" not in str(told)
    assert store.admin.keys() == []


async def test_a_full_store_forgets_no_window_and_each_process_counts_for_itself(store: ValkeyServer) -> None:
    async with limited(store.settings) as client:
        for _ in range(3):
            await client.get(WHO)
        kept = store.admin.keys()
        store.admin.config_set("maxmemory", "1")
        full = [await client.get(WHO) for _ in range(LIMIT + 1)]
        assert store.admin.keys() == kept
        store.admin.config_set("maxmemory", "0")
        after = [await client.get(WHO) for _ in range(LIMIT)]
    assert statuses(full) == {200: LIMIT, 429: 1}
    assert statuses(after) == {200: LIMIT - 3, 429: 3}


@asynccontextmanager
async def silent_store() -> AsyncIterator[tuple[dict[str, Any], list[asyncio.StreamReader]]]:
    """Accepts connections and never answers, which is noticed soon; the settings, and its ends of the connections."""
    connections: list[asyncio.StreamReader] = []
    writers: list[asyncio.StreamWriter] = []

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connections.append(reader)
        writers.append(writer)

    silent = await asyncio.start_server(accept, "127.0.0.1", port := free_port())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("common.calls.rate_limit_store.TRIP", 0.1)
        yield {"rate_limit_store": f"valkey://127.0.0.1:{port}", "rate_limit_store_password": PASSWORD}, connections
    for writer in writers:
        writer.close()
    silent.close()


async def test_a_store_that_never_answers_costs_two_round_trips_and_then_nothing() -> None:
    """Requests that come together share a round trip; an open breaker makes no further one."""
    async with silent_store() as (silent, connections):
        counters = open_store(silent, breaker_failures=2, breaker_pause=timedelta(hours=1))
        hits = [counters.hit("general", str(n), 60) for n in range(50)]
        first = await in_time(asyncio.gather(*hits, return_exceptions=True))
        assert [type(one) for one in first] == [StoreUnavailable] * 50
        assert (counters.failures, counters.breaker.state) == (1, "closed")
        for _ in range(50):
            with pytest.raises(StoreUnavailable):
                await in_time(counters.hit("general", "a", 60))
        assert (counters.failures, counters.breaker.state, len(connections)) == (2, "open", 2)
        await counters.close()
        for connection in connections:
            await in_time(connection.read())  # until the service has closed its end


async def test_a_hit_that_waits_ends_with_its_own_round_trip() -> None:
    """So none waits longer than two: the one under way, and its own."""
    async with silent_store() as (silent, _):
        counters = open_store(silent)
        early = asyncio.create_task(counters.hit("general", "a", 60))
        await asyncio.sleep(0)
        late = [asyncio.create_task(counters.hit("general", "b", 60)) for _ in range(5)]
        await in_time(asyncio.wait([early, *late]))
        assert {type(one.exception()) for one in (early, *late)} == {StoreUnavailable}
        assert counters.failures == 2
        await counters.close()


async def test_a_cancelled_request_disturbs_no_other(store: ValkeyServer) -> None:
    counters = open_store(store.settings)
    given_up, *others = [asyncio.create_task(counters.hit("general", "a", 60)) for _ in range(5)]
    await asyncio.sleep(0)
    given_up.cancel()
    assert [(await in_time(one))[0] for one in others] == [2, 3, 4, 5]
    assert (await in_time(counters.hit("general", "a", 60)))[0] == 6
    await counters.close()


async def test_a_connection_that_the_store_has_closed_costs_nothing(store: ValkeyServer) -> None:
    """As idle ones, by a balancer."""
    async with limited(store.settings, rate_limit_store_fails="closed") as client:
        for _ in range(3):
            assert (await client.get(WHO)).status_code == 200
            store.admin.execute_command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")


async def test_something_else_at_the_address_is_a_store_that_fails() -> None:
    async def answer(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()

    other = await asyncio.start_server(answer, "127.0.0.1", port := free_port())
    async with limited({"rate_limit_store": f"redis://127.0.0.1:{port}"}) as client:
        assert statuses([await client.get(WHO) for _ in range(LIMIT + 1)]) == {200: LIMIT, 429: 1}
    other.close()


@pytest.mark.parametrize(
    "odd", [b":1", b"*1\r\n:1", b"*2\r\n$1\r\n5\r\n$2\r\n60", b"*2\r\n:1\r\n$-1", b"*2\r\n:1\r\n*0"]
)
@pytest.mark.parametrize(("fails", "expected"), [("open", {200: LIMIT, 429: 1}), ("closed", {503: LIMIT + 1})])
async def test_an_answer_of_another_form_is_a_failure_of_the_store(
    odd: bytes, fails: str, expected: dict[int, int]
) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await reader.read(65536):
            writer.write(odd + b"\r\n")
        writer.close()

    other = await asyncio.start_server(answer, "127.0.0.1", port := free_port())
    store = {"rate_limit_store": f"redis://127.0.0.1:{port}", "rate_limit_store_fails": fails}
    async with limited(store) as client:
        assert statuses([await client.get(WHO) for _ in range(LIMIT + 1)]) == expected
    other.close()


async def test_metrics_tell_where_requests_are_counted(store: ValkeyServer) -> None:
    app = limited_app(store.settings, breaker_pause=timedelta(hours=1))
    async with probing(app) as client:
        app.state.metrics.collectors = (collectors.rate_limits(app.state),)
        await client.get(WHO)
        before = (await client.get("/metrics")).text
        store.kill()
        for _ in range(3):
            await client.get(WHO)
        after = (await client.get("/metrics")).text
    assert 'rate_limit_hits_total{counted="store"} 1.0' in before
    assert "rate_limit_store_away 0.0" in before
    assert 'rate_limit_hits_total{counted="process"} 3.0' in after
    assert "rate_limit_store_failures_total 2.0" in after
    assert "rate_limit_store_away 1.0" in after
