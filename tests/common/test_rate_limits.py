"""The counters of rate limits. Through the API: tests/auth/test_rate_limits.py."""

import timeit
import tracemalloc
from datetime import timedelta

import pytest

from common.http import rate_limits
from common.http.rate_limits import Counter, Quota


class Clock:
    def __init__(self) -> None:
        self.time = 1000.0

    def __call__(self) -> float:
        return self.time


def test_a_window_holds_the_quota_and_a_new_one_begins_after_it() -> None:
    clock = Clock()
    counter = Counter(Quota(3, timedelta(seconds=60)), clock)
    assert [counter.hit("a") for _ in range(4)] == [(2, 60), (1, 60), (0, 60), (-1, 60)]
    assert counter.hit("b") == (2, 60)
    clock.time += 59.5
    assert counter.hit("a") == (-2, 1)
    clock.time += 0.5
    assert counter.hit("a") == (2, 60)


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
