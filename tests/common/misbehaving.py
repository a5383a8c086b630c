"""A peer on a real socket with configured behaviour, which records its requests."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from tests.waiting import eventually

Behaviour = Callable[["Asked", asyncio.StreamWriter], Awaitable[None]]


@dataclass(frozen=True)
class Asked:
    """One received request."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    reader: asyncio.StreamReader = field(repr=False)

    @property
    def deadline_ms(self) -> int:
        return int(self.headers["x-deadline-ms"])


@dataclass
class Misbehaving:
    """Answers each request with `behave`, and `/auth/token` with `auth`, by default as auth does."""

    behave: Behaviour
    auth: Behaviour
    port: int = 0
    open: int = 0
    most_open: int = 0
    asked: list[Asked] = field(default_factory=list)
    tokens: list[Asked] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.open += 1
        self.most_open = max(self.most_open, self.open)
        try:
            while request := await read_request(reader):
                for_auth = request.path == "/auth/token"
                (self.tokens if for_auth else self.asked).append(request)
                await (self.auth if for_auth else self.behave)(request, writer)
                await writer.drain()
        except (ConnectionError, asyncio.CancelledError):
            pass  # the client has gone, or the test has ended
        finally:
            self.open -= 1
            writer.close()

    async def all_closed(self) -> bool:
        await eventually(lambda: not self.open)
        return True


async def read_request(reader: asyncio.StreamReader) -> Asked | None:
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    except asyncio.IncompleteReadError:
        return None
    first, *lines = head.rstrip().split("\r\n")
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
    body = await reader.readexactly(int(headers.get("content-length", 0)))
    return Asked(first.split()[0], first.split()[1], headers, body, reader)


@contextlib.asynccontextmanager
async def misbehaving(behave: Behaviour) -> AsyncIterator[Misbehaving]:
    peer = Misbehaving(behave, auth=new_token())
    server = await asyncio.start_server(peer.serve, "127.0.0.1", 0)
    peer.port = server.sockets[0].getsockname()[1]
    try:
        yield peer
    finally:
        server.close()
        for task in asyncio.all_tasks():
            if getattr(task.get_coro(), "__qualname__", "") == "Misbehaving.serve":
                task.cancel()
        await asyncio.sleep(0)


def answer(status: int, body: Any, **headers: str) -> Behaviour:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    fields = {"Content-Type": "application/json", "Content-Length": str(len(content))}
    fields |= {name.replace("_", "-"): value for name, value in headers.items()}
    lines = "".join(f"{name}: {value}\r\n" for name, value in fields.items())

    async def behave(_asked: Asked, writer: asyncio.StreamWriter) -> None:
        writer.write(f"HTTP/1.1 {status} Whatever\r\n{lines}\r\n".encode() + content)

    return behave


def new_token(expires_in: int = 300) -> Behaviour:
    """A new one each time: token-1, token-2, …"""
    made = 0

    async def behave(asked: Asked, writer: asyncio.StreamWriter) -> None:
        nonlocal made
        made += 1
        await answer(200, {"access_token": f"token-{made}", "expires_in": expires_in})(asked, writer)

    return behave


def in_turn(*behaviours: Behaviour) -> Behaviour:
    """One behaviour per request; the last one repeats."""
    left = list(behaviours)

    async def behave(asked: Asked, writer: asyncio.StreamWriter) -> None:
        await (left.pop(0) if len(left) > 1 else left[0])(asked, writer)

    return behave


async def silence(asked: Asked, _writer: asyncio.StreamWriter) -> None:
    """No answer until the client closes."""
    await asked.reader.read()


async def drip(_asked: Asked, writer: asyncio.StreamWriter) -> None:
    """A byte a second."""
    writer.write(b'HTTP/1.1 200 OK\r\nContent-Length: 60\r\n\r\n{"number": 7')
    while True:
        writer.write(b" ")
        await writer.drain()
        await asyncio.sleep(1)


async def flood(_asked: Asked, writer: asyncio.StreamWriter) -> None:
    """50 MiB, in chunks of 64 KiB, without Content-Length."""
    writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    chunk = b"10000\r\n" + b" " * 65536 + b"\r\n"
    for _ in range(800):
        writer.write(chunk)
        await writer.drain()


async def reset(_asked: Asked, writer: asyncio.StreamWriter) -> None:
    """Half an answer, then RST."""
    writer.write(b'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"num')
    await writer.drain()
    writer.transport.abort()


async def hang_up(_asked: Asked, writer: asyncio.StreamWriter) -> None:
    writer.transport.abort()


async def nonsense(_asked: Asked, writer: asyncio.StreamWriter) -> None:
    writer.write(b"SSH-2.0-OpenSSH_9.6\r\n\r\n")
