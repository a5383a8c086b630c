"""A TCP proxy between two services, with faults that tests configure.

A link that delays data forwards them afterwards, as TCP does after a partition: a request may arrive when its caller
has given up.
"""

import asyncio
import contextlib
import random
import re
import socket
import struct
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Final

REQUEST: Final = re.compile(rb"(?:GET|POST|PUT|PATCH|DELETE) /")
DEADLINE: Final = re.compile(rb"x-deadline-ms: (\d+)", re.IGNORECASE)
UNAVAILABLE: Final = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n"
RESET: Final = struct.pack("ii", 1, 0)
"""SO_LINGER: closing sends RST."""


@dataclass(frozen=True)
class Trouble:
    """The link's fault. Without arguments: none."""

    holds_requests: bool = False
    holds_answers: bool = False
    delay: float = 0.0
    """Seconds by which answers are delayed."""
    loses: float = 0.0
    """The share of requests whose connection is reset."""
    answer_bytes: int | None = None
    """Bytes of each answer before the connection is closed."""
    trickles: bool = False
    """A byte a second."""
    says: bytes | None = None
    """Answer to each request instead of the service's."""


FINE: Final = Trouble()
CUT: Final = Trouble(holds_requests=True, holds_answers=True)


@dataclass
class Link:
    """Leads to a port of this machine."""

    target: int
    chance: random.Random
    trouble: Trouble = FINE
    port: int = 0
    requests: int = 0
    deadlines: list[int] = field(default_factory=list)
    """Milliseconds, from the requests that had a deadline."""
    healed: asyncio.Event = field(default_factory=asyncio.Event)

    def suffer(self, trouble: Trouble) -> None:
        self.trouble = trouble
        self.healed.set()  # wakes those who wait
        self.healed = asyncio.Event()

    async def until(self, passes: Callable[[], bool]) -> None:
        while not passes():
            await self.healed.wait()

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, until either end closes it or something happens to it."""
        try:
            answers, requests = await asyncio.open_connection("127.0.0.1", self.target)
        except ConnectionError:
            reset(writer)
            return
        try:
            ways = [
                asyncio.ensure_future(way) for way in (self.there(reader, requests, writer), self.back(answers, writer))
            ]
            _, left = await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
            for way in left:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)
        finally:
            requests.close()
            writer.close()

    async def there(
        self, reader: asyncio.StreamReader, requests: asyncio.StreamWriter, caller: asyncio.StreamWriter
    ) -> None:
        while data := await reader.read(65536):
            if REQUEST.match(data):
                self.requests += 1
                self.deadlines += [int(found) for found in DEADLINE.findall(data)]
                if self.chance.random() < self.trouble.loses:
                    reset(caller)
                    return
                if self.trouble.says:
                    caller.write(self.trouble.says)
            if not self.trouble.says:
                await self.until(lambda: not self.trouble.holds_requests)
                requests.write(data)
                await requests.drain()
        await self.until(lambda: not self.trouble.holds_requests)

    async def back(self, reader: asyncio.StreamReader, caller: asyncio.StreamWriter) -> None:
        clock = asyncio.get_running_loop().time
        arrived: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()
        reading = asyncio.create_task(read_into(arrived, reader, clock))
        try:
            while True:
                came_at, data = await arrived.get()
                await self.until(lambda: not self.trouble.holds_answers)
                await asyncio.sleep(max(0.0, came_at + self.trouble.delay - clock()))
                if not data:
                    return
                if self.trouble.answer_bytes is not None:
                    caller.write(data[: self.trouble.answer_bytes])
                    return
                while self.trouble.trickles and data:
                    caller.write(data[:1])
                    data = data[1:]
                    await asyncio.sleep(1)
                caller.write(data)
                await caller.drain()
        finally:
            reading.cancel()


async def read_into(
    arrived: asyncio.Queue[tuple[float, bytes]], reader: asyncio.StreamReader, clock: Callable[[], float]
) -> None:
    with contextlib.suppress(ConnectionError):
        while data := await reader.read(65536):
            arrived.put_nowait((clock(), data))
    arrived.put_nowait((clock(), b""))


def reset(writer: asyncio.StreamWriter) -> None:
    connection: socket.socket = writer.get_extra_info("socket")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
    writer.transport.abort()


@contextlib.asynccontextmanager
async def link_to(target: int, seed: int) -> AsyncIterator[Link]:
    link = Link(target, random.Random(seed))
    server = await asyncio.start_server(link.carry, "127.0.0.1", 0)
    link.port = server.sockets[0].getsockname()[1]
    try:
        yield link
    finally:
        server.close()
