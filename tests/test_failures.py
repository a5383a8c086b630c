"""What reports of failed tests say."""

import asyncio

from tests.failures import waiting_tasks


async def test_of_a_test_that_hangs_is_told_what_it_waits_for() -> None:
    never = asyncio.Event()

    async def wait() -> None:
        await never.wait()

    waiting = asyncio.create_task(wait())
    await asyncio.sleep(0)
    line = next(line for line in waiting_tasks().splitlines() if "<locals>.wait (test_failures.py:" in line)
    assert " > Event.wait (locks.py:" in line
    never.set()
    await waiting
    assert line not in waiting_tasks()
