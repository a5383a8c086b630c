"""A service with a wrong clock still knows the time, and reports the skew (R-24)."""

import math
import time
from collections.abc import AsyncIterator
from itertools import chain, repeat

import pytest
from structlog.testing import capture_logs

from common.db.database import Database
from common.db.reading import ReadSession
from common.tokens.claims import KeysUnavailable
from common.tokens.clock import PROMPT, DatabaseClock
from tests.conftest import Cloner
from users.config import Settings


@pytest.fixture(scope="module")
async def reads(database_of: Cloner) -> AsyncIterator[ReadSession]:
    own = {"client_secret": "a-secret-of-some-length-0123456789"}
    database = Database(Settings.model_validate({**await database_of("users"), **own}))
    yield ReadSession(database.reading)
    await database.disconnect()


@pytest.mark.parametrize("skew", [-288.0, -60.0, 60.0, 288.0])
async def test_a_process_whose_clock_is_wrong_goes_by_the_databases_and_says_so(
    reads: ReadSession, skew: float
) -> None:
    clock = DatabaseClock(reads, wall=lambda: time.time() + skew)
    with pytest.raises(KeysUnavailable):  # before it has asked
        clock.now()
    assert math.isnan(clock.skew)
    with capture_logs() as told:
        await clock.read()
        await clock.read()
    assert clock.now() == pytest.approx(time.time(), abs=1)
    assert clock.skew == pytest.approx(skew, abs=1)
    assert [(line["log_level"], round(line["seconds"])) for line in told] == [("warning", skew)], "once"


async def test_clocks_that_agree_are_not_worth_a_word(reads: ReadSession) -> None:
    clock = DatabaseClock(reads, wall=lambda: time.time() - 4)
    with capture_logs() as told:
        await clock.read()
    assert not told
    assert clock.now() == pytest.approx(time.time(), abs=1)


async def test_a_clock_that_is_set_while_the_process_runs_changes_nothing(reads: ReadSession) -> None:
    ahead = [0.0]
    clock = DatabaseClock(reads, wall=lambda: time.time() + ahead[0])
    await clock.read()
    ahead[0] = -3600
    assert clock.now() == pytest.approx(time.time(), abs=1)


async def test_a_slow_answer_says_nothing_about_now(reads: ReadSession) -> None:
    uptime = chain([0.0, 0.0, 0.0, 5.0, 5.0 + PROMPT + 0.1], repeat(6.0))
    clock = DatabaseClock(reads, uptime=lambda: next(uptime))
    await clock.read()
    known = time.time()
    await clock.read()
    assert clock.now() == pytest.approx(known + 6, abs=1)


async def test_where_no_time_is_known_a_slow_answer_counts_from_when_it_was_asked_for(reads: ReadSession) -> None:
    """Rather late than early: with a slow clock, expired tokens would be accepted."""
    uptime = chain([0.0], repeat(9.0))
    clock = DatabaseClock(reads, uptime=lambda: next(uptime))
    await clock.read()
    assert clock.now() == pytest.approx(time.time() + 9, abs=1)
