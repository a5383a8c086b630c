"""Work that goes on beside the requests, for as long as the app runs."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import Any, Final, TypeVar

import structlog

log = structlog.get_logger()

STEP_GRACE: Final = 4.0
"""Seconds that a `shielded` step has left when the app stops: a call's deadline and a statement or two."""
T = TypeVar("T")


@asynccontextmanager
async def background_tasks(*work: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Run the given loops inside the block and end them with it. One that ends by itself is told in the log.

    They are cancelled where they wait; what must not be cut in two, they run as `shielded`.
    """
    tasks = [asyncio.create_task(coroutine, name=getattr(coroutine, "__qualname__", None)) for coroutine in work]
    for task in tasks:
        task.add_done_callback(log_unexpected_end)
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def shielded(step: Coroutine[Any, Any, T]) -> T:
    """Do one step of a loop that is not to be left halfway, such as sending something and noting that it was sent.

    A cancellation meanwhile counts only when the step is through, or after `STEP_GRACE`.
    """
    task = asyncio.create_task(step)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait({task}, timeout=STEP_GRACE)
        raise
    finally:
        if not task.done():
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


def log_unexpected_end(task: asyncio.Task[None]) -> None:
    if not task.cancelled():
        log.error("background work ended", work=task.get_name(), exc_info=task.exception())
