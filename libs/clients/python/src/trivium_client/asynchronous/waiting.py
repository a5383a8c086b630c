"""Pauses, locks and deadlines of asyncio."""

import asyncio
from asyncio import Lock, sleep
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from trivium_client.errors import DeadlineExceeded

__all__ = ["Lock", "sleep", "within"]


@asynccontextmanager
async def within(seconds: float) -> AsyncIterator[None]:
    """End the block after this time.

    Raises:
        DeadlineExceeded: the time was used up.
    """
    try:
        async with asyncio.timeout(seconds):
            yield
    except TimeoutError as error:
        raise DeadlineExceeded(f"no answer within {seconds} s") from error
