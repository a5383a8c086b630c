"""The breaker and the retry budget, with a fake clock."""

from datetime import timedelta

import pytest

from common.calls.breaker import Breaker, RetryBudget
from tests.common.conftest import FakeClock


@pytest.fixture
def breaker(clock: FakeClock) -> Breaker:
    window, pause = timedelta(seconds=10), timedelta(seconds=2)
    return Breaker("users", failures=3, window=window, pause=pause, clock=clock)


def opened(breaker: Breaker) -> Breaker:
    for _ in range(3):
        assert breaker.admit()
        breaker.failed()
    return breaker


def test_it_opens_after_so_many_failures_in_a_row(breaker: Breaker) -> None:
    assert breaker.state == "closed"
    opened(breaker)
    assert (breaker.state, breaker.admit(), breaker.opens_in) == ("open", False, 2.0)


def test_failures_among_successes_do_not_open_it(breaker: Breaker) -> None:
    """R-09: a peer that loses some calls stays in use, whatever the number of calls."""
    for _ in range(100):
        breaker.failed()
        breaker.failed()
        breaker.succeeded()
    assert breaker.state == "closed"


def test_failures_far_apart_do_not_open_it(breaker: Breaker, clock: FakeClock) -> None:
    for _ in range(10):
        breaker.failed()
        clock.now += 10.1
    assert breaker.state == "closed"


def test_after_a_pause_one_call_finds_out(breaker: Breaker, clock: FakeClock) -> None:
    opened(breaker)
    clock.now += 2.0
    assert (breaker.state, breaker.opens_in) == ("half-open", 0.0)
    assert [breaker.admit() for _ in range(3)] == [True, False, False]
    breaker.succeeded()
    assert (breaker.state, breaker.admit()) == ("closed", True)
    breaker.failed()
    assert breaker.state == "closed", "the failures from before are forgotten"


def test_a_probe_that_fails_means_another_pause(breaker: Breaker, clock: FakeClock) -> None:
    opened(breaker)
    clock.now += 3.0
    assert breaker.admit()
    breaker.failed()
    assert (breaker.state, breaker.opens_in) == ("open", 2.0)


def test_a_probe_that_is_never_heard_of_again_blocks_nothing(breaker: Breaker, clock: FakeClock) -> None:
    opened(breaker)
    for _ in range(3):
        clock.now += 2.0
        assert [breaker.admit(), breaker.admit()] == [True, False]


def test_failures_of_calls_from_before_do_not_prolong_the_pause(breaker: Breaker, clock: FakeClock) -> None:
    opened(breaker)
    clock.now += 1.5
    breaker.failed()
    assert breaker.opens_in == 0.5


def test_retries_are_a_tenth_of_the_calls() -> None:
    """R-16"""
    budget = RetryBudget(0.1)
    assert not budget.spend(), "nothing is there to begin with"
    retried = 0
    for _ in range(1_000):
        budget.earn()
        retried += budget.spend()
    assert 98 <= retried <= 100


def test_quiet_times_save_up_only_so_many() -> None:
    budget = RetryBudget(0.1)
    for _ in range(10_000):
        budget.earn()
    assert [budget.spend() for _ in range(12)] == [True] * 10 + [False] * 2
