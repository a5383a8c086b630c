"""When a request waits for nobody but its client: for its body to come, or for its answer to be read (R-29).

Then it takes no time of anybody's, however slow the client is, and gives up its place among the requests under way. It
waits only where the server sees it do so: in `receive` with nothing of the body there, in `send` with the client far
behind. A body that is announced and never read, or another request on the same connection, changes nothing.
"""

import asyncio
from collections.abc import Callable
from typing import Any

from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

from common.http.problems import Overloaded
from common.serving.load_shedding import LoadShedder


class Exchange:
    """The app as one request sees it. Costs two calls a request where nobody waits."""

    __slots__ = ("app", "begun", "cycle", "load_shedder")

    def __init__(self, app: Any, cycle: RequestResponseCycle, load_shedder: LoadShedder) -> None:
        self.app = app
        self.cycle = cycle
        self.load_shedder = load_shedder
        self.begun = False

    @property
    def at_work(self) -> bool:
        """Whether something may be done, and is not answered yet."""
        return self.begun and not self.cycle.response_complete

    def __call__(self, scope: Any, receive: Any, send: Any) -> Any:
        if self.cycle.disconnected:
            return nothing()  # its client has gone, or was refused, in the moment in which it came
        self.begun = True
        return self.app(scope, self.receive, self.send)

    def receive(self) -> Any:
        cycle = self.cycle
        if cycle.more_body and not cycle.body and not cycle.response_started:
            return self.receive_late()
        return cycle.receive()

    def send(self, message: Any) -> Any:
        # StreamingResponse asks in `receive` whether the client is still there: it waits for no body meanwhile
        self.load_shedder.uploads.discard(self.cycle)
        if self.cycle.flow.write_paused:
            return self.send_late(message)
        return self.cycle.send(message)

    async def receive_late(self) -> Any:
        """Wait for more of the body.

        Raises:
            Overloaded: too many do already.
        """
        uploads, cycle = self.load_shedder.uploads, self.cycle
        if len(uploads) >= self.load_shedder.most_waiting:
            self.load_shedder.refuse(cycle.scope)
            if cycle.waiting_for_100_continue:  # it will not send its body now, and perhaps another request
                cycle.keep_alive = False
            raise Overloaded
        uploads.add(cycle)
        try:
            return await cycle.receive()
        finally:
            uploads.discard(cycle)

    async def send_late(self, message: Any) -> None:
        """Wait for the client to read; with so many others that the rest of them keep their places."""
        readers, cycle = self.load_shedder.readers, self.cycle
        if len(readers) < self.load_shedder.most_waiting:
            readers.add(cycle)
        try:
            await cycle.flow.drain()
        finally:
            readers.discard(cycle)
        await cycle.send(message)


async def nothing() -> None:
    """Instead of the app."""


class WatchedTransport:
    """A connection that tells when it is closed, whoever does it: from then on it waits for its client to read."""

    def __init__(self, transport: asyncio.Transport, on_close: Callable[[], None]) -> None:
        self.transport = transport
        self.on_close: Callable[[], None] | None = on_close
        self.write = transport.write  # the server's calls, at no cost
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
