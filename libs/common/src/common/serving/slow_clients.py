"""Requests that wait only for their client do not count as running (R-29).

A request waits only where the server can see it: in `receive` with no body bytes buffered, and in `send` with the
client far behind. A body that is announced but not read, or another request on the connection, changes nothing.
"""

import asyncio
from collections.abc import Callable
from typing import Any, Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from common.http.problems import Overloaded
from common.serving.load_shedding import LoadShedder

SEND_TIMEOUT: Final = 30.0
SEND_LEAST: Final = 64 * 1024
"""Bytes of its answer, or the rest of it, that a client must read in `SEND_TIMEOUT` seconds."""


class Exchange:
    """The app as one request sees it. Costs two calls per request that does not wait."""

    __slots__ = ("app", "begun", "cycle", "load_shedder")

    def __init__(self, app: Any, cycle: RequestResponseCycle, load_shedder: LoadShedder) -> None:
        self.app = app
        self.cycle = cycle
        self.load_shedder = load_shedder
        self.begun = False

    @property
    def at_work(self) -> bool:
        """Whether the app may be working on it and has not answered yet."""
        return self.begun and not self.cycle.response_complete

    def __call__(self, scope: Any, receive: Any, send: Any) -> Any:
        if self.cycle.disconnected:  # its client has gone, or was refused, in the moment in which it came
            return asyncio.sleep(0)
        self.begun = True
        return self.app(scope, self.receive, self.send)

    def receive(self) -> Any:
        cycle = self.cycle
        if cycle.more_body and not cycle.body and not cycle.response_started:
            return self.receive_late()
        return cycle.receive()

    def send(self, message: Any) -> Any:
        # StreamingResponse calls `receive` to learn whether the client is still connected; that is no wait for a body.
        self.load_shedder.uploads.discard(self.cycle)
        if self.cycle.flow.write_paused:
            return self.send_late(message)
        return self.cycle.send(message)

    async def receive_late(self) -> Any:
        """Wait for more of the body.

        Raises:
            Overloaded: too many requests wait already.
        """
        uploads, cycle = self.load_shedder.uploads, self.cycle
        if len(uploads) >= self.load_shedder.most_waiting:
            self.load_shedder.refuse(cycle.scope)
            if cycle.waiting_for_100_continue:  # it will not send its body now, but may send another request
                cycle.keep_alive = False
            raise Overloaded
        uploads.add(cycle)
        try:
            return await cycle.receive()
        finally:
            uploads.discard(cycle)

    async def send_late(self, message: Any) -> None:
        """Wait for the client to read. If too many requests wait already, this one counts as running."""
        readers, cycle = self.load_shedder.readers, self.cycle
        if len(readers) < self.load_shedder.most_waiting:
            readers.add(cycle)
        try:
            await cycle.flow.drain()
        finally:
            readers.discard(cycle)
        await cycle.send(message)


class WatchedTransport:
    """A connection that reports its closing, whoever closes it: from then on the client must read."""

    def __init__(self, transport: asyncio.Transport, on_close: Callable[[], None]) -> None:
        self.transport = transport
        self.on_close: Callable[[], None] | None = on_close
        self.write = transport.write  # direct references: the server's calls cost nothing more
        self.is_closing = transport.is_closing
        self.get_write_buffer_size = transport.get_write_buffer_size
        self.abort = transport.abort
        self.pause_reading = transport.pause_reading
        self.resume_reading = transport.resume_reading
        self.get_extra_info = transport.get_extra_info

    def close(self) -> None:
        self.transport.close()
        if self.on_close is not None:
            self.on_close()


class ImpatientHttp(HttpToolsProtocol):
    """Ends the connection of a client that does not read its answer."""

    send_timer: asyncio.TimerHandle | None = None

    def pause_writing(self) -> None:
        """The client is 64 KiB behind with reading."""
        super().pause_writing()
        self.expect_reading()

    def resume_writing(self) -> None:
        super().resume_writing()
        if not self.transport.is_closing():
            self.stop_expecting()

    def expect_reading(self) -> None:
        """From now on the client must read: until it has caught up, or, if we are closing, to the end."""
        if self.send_timer is None:
            unread = self.transport.get_write_buffer_size()
            self.send_timer = self.loop.call_later(SEND_TIMEOUT, self.check_reading, unread)

    def check_reading(self, before: int) -> None:
        self.send_timer = None
        if before - self.transport.get_write_buffer_size() < SEND_LEAST:
            self.transport.abort()
        else:
            self.expect_reading()

    def timeout_keep_alive_handler(self) -> None:
        """End an idle connection. With an unread answer, `close` would wait for its reader for ever."""
        if self.transport.get_write_buffer_size():
            self.transport.abort()
        else:
            super().timeout_keep_alive_handler()

    def stop_expecting(self) -> None:
        if self.send_timer is not None:
            self.send_timer.cancel()
            self.send_timer = None
