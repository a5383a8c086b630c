"""The provider of tests/auth/identity_provider.py as a server, for auth in other processes."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx

from tests.auth.identity_provider import IdentityProvider

ANSWER = b"HTTP/1.1 %d OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%b"


@asynccontextmanager
async def served_provider() -> AsyncIterator[IdentityProvider]:
    """Its `issuer` is its address."""
    provider = IdentityProvider()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head, *lines = (await reader.readuntil(b"\r\n\r\n")).decode().strip().split("\r\n")
            method, path, _ = head.split()
            headers = httpx.Headers([(name, value.strip()) for name, _, value in (one.partition(":") for one in lines)])
            body = await reader.readexactly(int(headers.get("content-length", "0")))
            request = httpx.Request(method, f"{provider.issuer}{path}", headers=headers, content=body)
            reply = await provider.handle_async_request(request)
            writer.write(ANSWER % (reply.status_code, len(reply.content), reply.content))
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            return  # who asked was killed
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        provider.issuer = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        yield provider
