"""Apps on real sockets, in the test's process."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import uvicorn

from tests.waiting import eventually, in_time


@asynccontextmanager
async def listening(config: uvicorn.Config) -> AsyncIterator[None]:
    """Run a server during the block. uvicorn only logs why a start failed: that is an error here."""
    server = uvicorn.Server(config)
    running = asyncio.create_task(server._serve())  # without its signal handlers
    try:
        await eventually(lambda: server.started or running.done())
        assert server.started, "the server has not started: see the log"
        yield
    finally:
        server.should_exit = True
        await in_time(running)
