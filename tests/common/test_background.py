"""Background work of a stopping server: a step is finished, waiting is not (R-21)."""

import asyncio

import pytest

from common.background import background_tasks, shielded
from tests.waiting import GENEROUS


async def test_background_work_ends_between_its_steps_and_waiting_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    begun: list[int] = []
    ended: list[int] = []
    third = asyncio.Event()

    async def step(number: int) -> None:
        begun.append(number)
        if number == 2:
            third.set()
        await asyncio.sleep(0.05)
        ended.append(number)

    async def steps() -> None:
        while True:
            await shielded(step(len(begun)))

    async def sleepy() -> None:
        await asyncio.sleep(3600)

    monkeypatch.setattr("common.background.STEP_GRACE", 3600)
    async with asyncio.timeout(GENEROUS):  # the stop does not wait for sleeping requests
        async with background_tasks(steps(), sleepy()):
            await third.wait()
            assert (begun, ended) == ([0, 1, 2], [0, 1])
    assert begun == ended == [0, 1, 2]


async def test_a_step_that_hangs_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("common.background.STEP_GRACE", 0.1)
    cut_off = asyncio.Event()

    async def hangs() -> None:
        try:
            await asyncio.sleep(3600)
        finally:
            cut_off.set()

    async def work() -> None:
        await shielded(hangs())

    async with background_tasks(work()):
        await asyncio.sleep(0.01)
    assert cut_off.is_set()
