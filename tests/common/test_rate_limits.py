"""The rules of rate limits, in a process and in a store. Through the API: tests/auth/test_rate_limits.py."""

import asyncio
import json
import os
import subprocess
import sys
import timeit
import tracemalloc
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from typing import Any, NamedTuple

import pytest
from structlog.testing import capture_logs

from common.calls.rate_limit_store import RateLimitStore
from common.http import rate_limits
from common.http.rate_limits import Counter, Hits, Quota
from common.serving.server import tell_how_limits_grow
from deploy.local.ports import free_port
from tests.common.conftest import probe_app, probe_settings
from tests.store import running_store
from tests.waiting import GENEROUS


class Clock:
    def __init__(self) -> None:
        self.time = 1000.0

    def __call__(self) -> float:
        return self.time

    def advance(self, seconds: float) -> None:
        self.time += seconds


class Place(NamedTuple):
    """Where windows of 60 s are counted."""

    hit: Callable[[str], Awaitable[Hits]]
    pass_time: Callable[[float], None]


@pytest.fixture(params=["process", "store"])
async def place(request: pytest.FixtureRequest) -> AsyncIterator[Place]:
    if request.param == "process":
        clock = Clock()
        counter = Counter(Quota(3, timedelta(seconds=60)), clock)

        async def hit(source: str) -> Hits:
            return counter.hit(source)

        yield Place(hit, clock.advance)
    else:
        with running_store() as server:
            store = RateLimitStore.of(probe_settings(**server.settings), "probe")
            yield Place(lambda source: store.hit("general", source, 60), server.pass_time)
            await store.close()


async def test_a_window_begins_with_the_first_hit_and_a_new_one_after_it(place: Place) -> None:
    assert [await place.hit("a") for _ in range(4)] == [(1, 60), (2, 60), (3, 60), (4, 60)]
    assert await place.hit("b") == (1, 60)
    place.pass_time(59.5)
    assert await place.hit("a") == (5, 1)
    place.pass_time(0.6)
    await asyncio.sleep(0.01)  # a window in the store ends within a millisecond
    assert await place.hit("a") == (1, 60)


def test_windows_that_are_over_go_away_by_themselves() -> None:
    clock = Clock()
    counter = Counter(Quota(3, timedelta(seconds=60)), clock)
    for source in range(1000):
        counter.hit(str(source))
    clock.time += 61
    for source in range(1000):
        counter.hit(f"new {source}")
    assert len(counter) == 1000


def test_a_flood_of_sources_fills_no_memory_and_slows_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rate_limits, "MAX_SOURCES", 10_000)
    counter = Counter(Quota(3, timedelta(seconds=60)))
    for source in range(100_000):
        counter.hit(str(source))
    assert len(counter) == 10_000
    tries = timeit.repeat(lambda: counter.hit("99999"), number=2000, repeat=5)
    assert min(tries) / 2000 < 50e-6  # seconds; about 1 us, and the limits package takes 18,000 here


def test_a_flood_of_addresses_takes_a_bounded_piece_of_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """R-25: at most 20 MiB for 100,000 of them, and for any number. Tested with a fifteenth, and no growth after it."""
    most = rate_limits.MAX_SOURCES // 15
    monkeypatch.setattr(rate_limits, "MAX_SOURCES", most)
    counter = Counter(Quota(5, timedelta(minutes=1)))
    tracemalloc.start()
    try:
        for number in range(7_000):
            counter.hit(f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}")
        full = tracemalloc.get_traced_memory()[0]
        for number in range(7_000):
            counter.hit(f"11.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}")
        assert tracemalloc.get_traced_memory()[0] < full * 1.1
    finally:
        tracemalloc.stop()
    assert len(counter) == most
    assert full * 15 < 20 * 1024 * 1024


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"rate_limits": True, "replicas": 3}, [3]),
        ({"rate_limits": True}, []),
        ({"replicas": 3}, []),  # nothing is counted
        ({"rate_limits": True, "replicas": 3, "rate_limit_store": "valkey://store"}, []),
    ],
)
def test_several_processes_that_count_separately_are_told(changes: dict[str, Any], said: list[int]) -> None:
    app = probe_app(**changes)
    with capture_logs() as told:
        tell_how_limits_grow(app)
    assert [line["limits_grow_up_to"] for line in told] == said


# begin: only with conduit
def test_it_is_told_at_the_start() -> None:
    command = [sys.executable, "-m", "conduit", "serve", "--port", str(free_port())]
    environment = {**os.environ, "RATE_LIMITS": "true", "REPLICAS": "3", "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        first = json.loads(process.stdout.readline())
        process.terminate()
        process.communicate(timeout=GENEROUS)
    assert (first["limits_grow_up_to"], first["level"]) == (3, "warning")


# end: only with conduit
