"""Connects to other services."""

import asyncio
from collections.abc import Coroutine, Iterable
from typing import Any, Final, TypeVar

import httpcore

T = TypeVar("T")
LINGER: Final = 5.0
"""Seconds after which a connection is given up for which nobody waits any more."""


class Network(httpcore.AnyIOBackend):
    """Connects in tasks of their own, so that a caller who is cancelled leaves no connection that nobody closes.

    anyio loses a connection if its caller is cancelled, or its time is up, between connecting and the return. The
    connection then stays open until Python happens to collect it.
    """

    def __init__(self) -> None:
        super().__init__()
        self._tasks: set[asyncio.Task[Any]] = set()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109  # httpcore's
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        connecting = self._start(super().connect_tcp(host, port, LINGER, local_address, socket_options))
        try:
            async with asyncio.timeout(timeout):
                return await asyncio.shield(connecting)
        except (asyncio.CancelledError, TimeoutError) as error:
            connecting.add_done_callback(self._close_unused)
            if isinstance(error, TimeoutError):
                raise httpcore.ConnectTimeout from error
            raise

    def stop(self) -> None:
        for task in self._tasks:
            task.cancel()

    def _close_unused(self, connecting: asyncio.Task[httpcore.AsyncNetworkStream]) -> None:
        if not connecting.cancelled() and connecting.exception() is None:
            self._start(connecting.result().aclose())

    def _start(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task
