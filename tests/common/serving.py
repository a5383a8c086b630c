"""Serves an app on a real socket, with raw connections to control bytes and pauses."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any

import uvicorn

from common.serving.http_limits import bounded_http
from common.serving.load_shedding import LoadShedder
from deploy.local.ports import free_port
from tests.servers import listening
from tests.waiting import in_time

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@asynccontextmanager
async def serving(app: Any, limit: LoadShedder, origins: Sequence[str] = (), **options: Any) -> AsyncIterator[int]:
    """Run an app; yields its port."""
    port = free_port()
    bounds: dict[str, Any] = {
        "http": bounded_http(limit, origins),
        "ws": "none",
        "log_config": None,
        "timeout_graceful_shutdown": 1,
    }
    async with listening(uvicorn.Config(app, port=port, **bounds, **options)):
        yield port


@asynccontextmanager
async def connected(port: int, buffer: int = 0) -> AsyncIterator[Streams]:
    """A connection; a small `buffer`, in bytes, limits the data received before reading."""
    connection = socket.socket()
    if buffer:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
    connection.setblocking(False)
    await asyncio.get_running_loop().sock_connect(connection, ("127.0.0.1", port))
    reader, writer = await asyncio.open_connection(sock=connection)
    try:
        yield reader, writer
    finally:
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()


def request(url: str = "/", *headers: str, method: str = "GET", version: str = "1.1") -> bytes:
    return "\r\n".join([f"{method} {url} HTTP/{version}", "Host: x", *headers, "", ""]).encode()


async def answer(streams: Streams) -> tuple[int, dict[str, str], Any]:
    """The next answer on a connection: status, headers and JSON."""
    head = (await in_time(streams[0].readuntil(b"\r\n\r\n"))).decode()
    line, *fields = head.strip().split("\r\n")
    headers = {name.lower(): value for name, _, value in (field.partition(": ") for field in fields)}
    body = await in_time(streams[0].readexactly(int(headers.get("content-length", "0"))))
    said = json.loads(body) if body and "json" in headers.get("content-type", "") else None
    return int(line.split()[1]), headers, said


async def ask(port: int, *parts: bytes) -> tuple[int, dict[str, str], Any]:
    """One request on a connection of its own."""
    async with connected(port) as streams:
        streams[1].write(b"".join(parts))
        return await answer(streams)


async def read_all(streams: Streams) -> int:
    """The number of bytes until the connection ends."""
    found = 0
    while more := await in_time(streams[0].read(1_000_000)):
        found += len(more)
    return found


async def closed(streams: Streams) -> bool:
    """Whether the server closes the connection without further data."""
    try:
        return await in_time(streams[0].read()) == b""
    except ConnectionError:
        return True
