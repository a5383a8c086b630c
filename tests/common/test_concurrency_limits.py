"""The limit of one search at a time per caller."""

import asyncio
from contextlib import AsyncExitStack

import pytest

from common.http.concurrency_limits import LONGEST_LINE, ConcurrencyLimits, SearchUnderWay


async def test_the_second_search_of_a_caller_waits_for_the_first() -> None:
    limits, order = ConcurrencyLimits(patience=60), []

    async def search(name: str, ended: asyncio.Event) -> None:
        async with limits.slot("ada"):
            order.append(name)
            await ended.wait()

    first_ended, second_ended = asyncio.Event(), asyncio.Event()
    first = asyncio.create_task(search("first", first_ended))
    second = asyncio.create_task(search("second", second_ended))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert order == ["first"]
    first_ended.set()
    second_ended.set()
    await asyncio.gather(first, second)
    assert order == ["first", "second"]
    assert limits.lines == {}


async def test_a_search_that_waits_too_long_or_in_too_long_a_line_is_refused() -> None:
    limits = ConcurrencyLimits(patience=0.01)
    async with limits.slot("ada"):
        with pytest.raises(SearchUnderWay):
            async with limits.slot("ada"):
                pytest.fail("the first has not ended")
        limits.patience = 60
        async with asyncio.TaskGroup() as group:
            waiting = [group.create_task(AsyncExitStack().enter_async_context(limits.slot("ada"))) for _ in range(3)]
            await asyncio.sleep(0)
            assert limits.lines["ada"].length == LONGEST_LINE == 1 + len(waiting)
            with pytest.raises(SearchUnderWay):
                async with limits.slot("ada"):
                    pytest.fail("the line is long enough")
            for one in waiting:
                one.cancel()
    assert limits.lines == {}


async def test_others_do_not_wait() -> None:
    limits = ConcurrencyLimits(patience=0.01)
    async with limits.slot("ada"), limits.slot("grace"):
        assert set(limits.lines) == {"ada", "grace"}
    assert limits.lines == {}
