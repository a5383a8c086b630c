"""Graceful shutdown without a failed request: drain first, then finish the running requests.

    SIGTERM  `/readyz` fails at once. Requests are served for the drain time, with `Connection: close`, so that
             clients notice and go elsewhere. Then no more connections are accepted, and the open ones are used up.
             Then running requests are finished.
    SIGINT, or any second signal: without the drain time. One more: without finishing.

Idle connections stay open until the end, since closing one may cross a request on its way. The process exits with
status 0, at most `STOP_WITHIN` seconds after the signal (R-21).
"""

import asyncio
import signal
import socket
import time
from collections.abc import Sequence
from datetime import timedelta
from types import FrameType
from typing import Any, Final

import structlog
import uvicorn
from fastapi import FastAPI

log = structlog.get_logger()

STOP_WITHIN: Final = 25
"""Seconds; orchestrators kill after 30."""
CLOSING: Final = 6
"""Of these, seconds for ending the background work and closing the database connections."""
CLOSE: Final = (b"connection", b"close")
USED_UP: Final = 2.0
"""Seconds, at most the drain time, between the last new connection and the end of idle connections. A gateway that
knows us only by name keeps sending. Each answer closes one connection, and no new ones are accepted."""
ACCEPTED_AT_ONCE: Final = 16
"""Connections accepted per turn of the event loop. libuv accepts one per listener (libuv#3696), so 50 to 100 a second
if turns are long: under load the kernel's queue would fill up, and new clients would wait for seconds (R-17)."""


class DrainingServer(uvicorn.Server):
    """uvicorn's server, with a drain time between the signal and the end."""

    def __init__(self, app: FastAPI, drain: timedelta, **config: Any) -> None:
        self.finish = STOP_WITHIN - CLOSING - drain.total_seconds() - USED_UP
        # Each request has a context of its own: a pipelined one would inherit its predecessor's trace.
        config |= {"timeout_graceful_shutdown": int(self.finish), "reset_contextvars": True}
        super().__init__(uvicorn.Config(app, **config))
        self.app = app
        self.drain = drain.total_seconds()
        self.drained_at: float | None = None

    def run(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen on duplicates of one socket, which is bound now and starts to listen when the app has started."""
        first, *_ = sockets = sockets or [self.config.bind_socket()]
        super().run([*sockets, *(first.dup() for _ in range(ACCEPTED_AT_ONCE - 1))])

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Called by each signal. uvicorn's own handler would raise the signal again, and change the exit status."""
        if self.should_exit:
            self.force_exit = True
        elif sig == signal.SIGTERM and self.drained_at is None:
            self.drained_at = time.monotonic() + self.drain
            self.app.state.draining = True
            self.close_after_answers()
        else:
            self.app.state.draining = True
            self.should_exit = True

    def close_after_answers(self) -> None:
        """Send `Connection: close` with every answer from now on."""
        self.config.encoded_headers.append(CLOSE)  # for the headers that uvicorn rebuilds each second
        self.server_state.default_headers = [*self.server_state.default_headers, CLOSE]
        for connection in self.server_state.connections:
            cycle = getattr(connection, "cycle", None)
            if cycle is not None and not cycle.response_complete:
                cycle.keep_alive = False

    async def on_tick(self, counter: int) -> bool:
        """Called ten times a second; True ends the server."""
        if self.drained_at is not None and time.monotonic() >= self.drained_at:
            self.should_exit = True
        return await super().on_tick(counter)

    async def shutdown(self, sockets: Any = None) -> None:
        """Finish running requests, then end the app's lifespan; never take longer than promised."""
        try:
            async with asyncio.timeout(USED_UP + self.finish + CLOSING):
                if self.drained_at is not None and time.monotonic() >= self.drained_at:  # not if told to skip it
                    await self.stop_listening(sockets or ())
                await super().shutdown(sockets)
        except TimeoutError:
            log.warning("shutdown takes too long; the rest is abandoned")

    async def stop_listening(self, sockets: Sequence[socket.socket]) -> None:
        """Accept no more connections, and wait for a moment until the open ones have had their last answer."""
        for server in self.servers:
            server.close()
        for one in sockets:
            one.close()
        until = time.monotonic() + min(USED_UP, self.drain)
        while self.server_state.connections and time.monotonic() < until and not self.force_exit:  # noqa: ASYNC110
            await asyncio.sleep(0.05)  # uvicorn has no event for it
