"""One HTTP exchange with a peer. Its answer is untrusted input, read up to a maximum size (S-30)."""

from dataclasses import dataclass
from typing import Any, Final

import httpx

from common.spans import OURS

MAX_REPLY: Final = 1024 * 1024
NO_REPLY: Final = (httpx.HTTPError, httpx.StreamError, ValueError)
"""The errors of `fetch`: no connection, a broken one, not HTTP; or `ReplyRefused`."""


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


async def fetch(
    http: httpx.AsyncClient, method: str, url: str, *, is_ours: bool, max_bytes: int = MAX_REPLY, **options: Any
) -> Reply:
    """Send a request and read the answer. The caller sets the time limit around it.

    `is_ours`: a service of ours, which continues the trace. Other hosts get no header of ours.

    Raises:
        one of NO_REPLY.
    """
    exchange = Exchange()
    try:
        async with http.stream(method, url, extensions={EXCHANGE: exchange, OURS: is_ours}, **options) as answer:
            if "content-encoding" in answer.headers:
                raise ReplyRefused("content-encoding")
            body = bytearray()
            async for chunk in answer.aiter_bytes():
                body += chunk
                if len(body) > max_bytes:
                    raise ReplyRefused(f"more than {max_bytes} bytes")
            return Reply(answer.status_code, answer.headers, bytes(body))
    finally:
        exchange.has_ended = True
