"""One HTTP exchange with a peer. Its answer is untrusted input, read up to a maximum size (S-30)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import httpx

from common import __version__

MAX_REPLY: Final = 1024 * 1024
NO_REPLY: Final = (httpx.HTTPError, httpx.StreamError, httpx.InvalidURL, ValueError)
"""The errors of `fetch`: no address, no connection, a broken one, not HTTP; or `ReplyRefused`."""

HEADERS: Final = {"Accept": "*/*", "Accept-Encoding": "identity", "User-Agent": f"trivium/{__version__}"}
EXCHANGE: Final = "trivium.exchange"
"""Key in a request's extensions: its exchange, for the pool of connections (`common.calls.http_pool`)."""


@dataclass(slots=True)
class Exchange:
    """A request and its answer, until the caller has the answer or has gone."""

    has_ended: bool = False


class ReplyRefused(ValueError):
    """Too long, or compressed: a few bytes could decompress to very many, and we never ask for that."""


@dataclass(frozen=True, slots=True)
class Reply:
    """A complete answer."""

    status: int
    headers: httpx.Headers
    body: bytes


@dataclass(frozen=True, slots=True)
class Http:
    """Outgoing HTTP: one pool of connections for the process (`common.calls.http_pool`).

    Not an `httpx.AsyncClient`: that takes a third of a call's processor time for redirects, cookies and sign-in, which
    no call here has.
    """

    transport: httpx.AsyncBaseTransport
    timeouts: httpx.Timeout = field(default_factory=lambda: httpx.Timeout(5.0))
    """Of each step of an exchange. The time limit of the whole is the caller's."""
    trace: Callable[[httpx.Request], None] | None = None
    """Adds the header by which the peer's spans become children of ours."""


async def fetch(
    http: Http,
    method: str,
    url: str,
    *,
    is_ours: bool,
    headers: Mapping[str, str] | None = None,
    timeouts: httpx.Timeout | None = None,
    max_bytes: int = MAX_REPLY,
    **options: Any,
) -> Reply:
    """Send a request and read the answer; redirects are not followed. The caller sets the time limit around it.

    `is_ours`: a service of ours, which continues the trace. The other options are those of `httpx.Request`.

    Raises:
        one of NO_REPLY.
    """
    exchange = Exchange()
    extensions = {"timeout": (timeouts or http.timeouts).as_dict(), EXCHANGE: exchange}
    request = httpx.Request(method, url, headers={**HEADERS, **(headers or {})}, extensions=extensions, **options)
    if http.trace and is_ours:
        http.trace(request)
    try:
        answer = await http.transport.handle_async_request(request)
        try:
            return Reply(answer.status_code, answer.headers, await read(answer, max_bytes))
        finally:
            await answer.aclose()
    finally:
        exchange.has_ended = True


async def read(answer: httpx.Response, max_bytes: int) -> bytes:
    """Raises ReplyRefused, or another of NO_REPLY."""
    if "content-encoding" in answer.headers:
        raise ReplyRefused("content-encoding")
    body = bytearray()
    async for chunk in answer.aiter_bytes():
        body += chunk
        if len(body) > max_bytes:
            raise ReplyRefused(f"more than {max_bytes} bytes")
    return bytes(body)
