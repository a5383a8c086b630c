"""Forgetting people step by step, in tests."""

from collections.abc import Sequence

from common.db.database import Executor
from common.events.erasure import BACKLOG, Eraser, Step
from tests.waiting import eventually


async def erase(eraser: Eraser) -> None:
    """Do all there is to do, whoever has to be waited for."""

    async def is_done() -> bool:
        while await eraser.step():
            pass
        return not await waiting(eraser)

    await eventually(is_done)


async def waiting(eraser: Eraser) -> int:
    """How many are to be forgotten."""
    async with eraser.database.transaction() as session:
        count: int = (await session.execute(BACKLOG)).one()[0]
    return count


class Killed(Exception):
    """The process is gone."""


def dying(steps: Sequence[Step]) -> Sequence[Step]:
    """Steps after each of which the process is killed, before it can commit."""

    def die_after(step: Step) -> Step:
        async def step_and_die(session: Executor, account_id: int) -> bool:
            if await step(session, account_id):
                raise Killed
            return False

        return step_and_die

    return [die_after(step) for step in steps]


async def erase_though_killed(eraser: Eraser) -> int:
    """Each step is begun by a process that is killed in the middle, and done by the next; how many were killed.

    One that finds nothing to do: somebody, perhaps of another test, is in the way and has to be waited for.
    """
    killed = 0
    for _ in range(1000):
        doomed = Eraser(eraser.database, eraser.service, dying(eraser.steps))
        after = Eraser(eraser.database, eraser.service, eraser.steps)
        try:
            await doomed.step()
            await doomed.step()
        except Killed:
            killed += 1
        await after.step()
        await after.step()
        if not await waiting(eraser):
            return killed
    raise AssertionError("somebody is in the way")
