"""Erases accounts step by step, in tests."""

from collections.abc import Sequence

from common.db.database import Executor
from common.events.erasure import BACKLOG, Eraser, Step
from tests.waiting import eventually


async def erase(eraser: Eraser) -> None:
    """Run all steps, and wait for other transactions if needed."""

    async def is_done() -> bool:
        while await eraser.step():
            pass
        return not await waiting(eraser)

    await eventually(is_done)


async def waiting(eraser: Eraser) -> int:
    """The number of pending erasures."""
    async with eraser.database.transaction() as session:
        count: int = (await session.execute(BACKLOG)).one()[0]
    return count


class Killed(Exception):
    """Stands for the death of the process."""


def dying(steps: Sequence[Step]) -> Sequence[Step]:
    """Steps whose process is killed before each commit."""

    def die_after(step: Step) -> Step:
        async def step_and_die(session: Executor, account_id: int) -> bool:
            if await step(session, account_id):
                raise Killed
            return False

        return step_and_die

    return [die_after(step) for step in steps]


async def erase_though_killed(eraser: Eraser) -> int:
    """Each step is begun by a process that is killed, and finished by the next; returns the number of kills.

    If a step finds nothing to do, it waits for another transaction, perhaps of another test.
    """
    killed = 0
    for _ in range(1000):
        doomed = Eraser(eraser.database, eraser.service, dying(eraser.steps), eraser.outside)
        after = Eraser(eraser.database, eraser.service, eraser.steps, eraser.outside)
        until_first = 2 if eraser.outside is None else 3  # it sees the account, and deletes what is outside
        try:
            for _ in range(until_first):
                await doomed.step()
        except Killed:
            killed += 1
        for _ in range(until_first):
            await after.step()
        if not await waiting(eraser):
            return killed
    raise AssertionError("somebody is in the way")
