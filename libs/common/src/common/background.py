"""Background tasks: loops that run beside the requests for as long as the app does."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from contextvars import Context, copy_context
from typing import Any, Final, TypeVar

import structlog

log = structlog.get_logger()

STEP_GRACE: Final = 4.0
"""Seconds that a `shielded` step may take after the app was told to stop: one call and a statement or two."""
T = TypeVar("T")


@asynccontextmanager
async def background_tasks(
    *work: Coroutine[Any, Any, None], context: Callable[[], Context] = copy_context
) -> AsyncIterator[None]:
    """Run the given loops inside the block and cancel them at its end. A loop that ends by itself is logged.

    Loops are cancelled at any `await`. Steps that must not be interrupted run as `shielded`. `context` makes each
    loop's own context.
    """
    tasks = [
        asyncio.create_task(coroutine, name=getattr(coroutine, "__qualname__", None), context=context())
        for coroutine in work
    ]
    for task in tasks:
        task.add_done_callback(log_unexpected_end)
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def shielded(step: Coroutine[Any, Any, T]) -> T:
    """Run one step of a loop that must not be interrupted, such as sending something and recording that it was sent.

    A cancellation takes effect when the step is done, or after `STEP_GRACE`.
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
        log.error("background task ended", work=task.get_name(), exc_info=task.exception())
