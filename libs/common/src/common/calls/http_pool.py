"""The pool of outgoing connections."""

import ssl
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache
from importlib.util import find_spec
from typing import Any

import httpcore
import httpx

from common.calls.network import Network
from common.observability import tracing
from common.settings import AppSettings
from common.tokens.replies import EXCHANGE, Exchange, Http

if find_spec("sniffio") is None:
    # httpx and httpcore look for it several times in each request, to recognise trio, and Python remembers no failure:
    # each search of the folders takes 0.25 ms (findings/httpx-searches-sniffio.sh).
    sys.modules["sniffio"] = None  # type: ignore[assignment]


class Transport(httpx.AsyncHTTPTransport):
    """The network. Before each request it closes the connections that httpcore has lost.

    httpcore keeps a connection for ever if its request is cancelled at certain moments, such as between connecting and
    sending. Each call that reaches its deadline is cancelled, and after `max_connections` such moments no call would be
    possible (findings/httpcore-cancel-leaks-connections.sh).
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._network = self._pool._network_backend = Network()  # there is no public API for it

    async def __aexit__(self, *error: Any) -> None:
        self._network.stop()
        await super().__aexit__(*error)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        await self.close_lost()
        return await super().handle_async_request(request)

    async def close_lost(self) -> None:
        """Close connections in use by no request; a request whose exchange has ended uses none."""
        pool = self._pool  # there is no public API for it
        pool._requests = [one for one in pool._requests if not has_ended(one.request)]
        used = {id(one.connection) for one in pool._requests}
        lost = [one for one in pool.connections if id(one) not in used and not one.is_idle() and not one.is_closed()]
        pool._connections = [one for one in pool.connections if one not in lost]  # before any await
        for connection in lost:
            await connection.aclose()


def has_ended(request: httpcore.Request) -> bool:
    exchange: Exchange | None = request.extensions.get(EXCHANGE)
    return exchange is not None and exchange.has_ended


@cache
def authorities() -> ssl.SSLContext:
    """The certificate authorities that httpx trusts: read once per process, since that takes 20 ms."""
    return httpx.create_ssl_context(trust_env=False)


@asynccontextmanager
async def http_pool(settings: AppSettings, transport: httpx.AsyncBaseTransport | None = None) -> AsyncIterator[Http]:
    """The pool of outgoing connections, one per process, whose connections are used again.

    Tests pass a `transport` instead of the network.
    """
    limits = httpx.Limits(
        max_connections=settings.call_pool_size,
        max_keepalive_connections=settings.call_pool_size,
        keepalive_expiry=25,  # seconds; the services keep theirs for 75, so none is closed under a call
    )
    timeouts = httpx.Timeout(settings.call_deadline.total_seconds(), connect=settings.connect_timeout.total_seconds())
    async with transport or Transport(verify=authorities(), limits=limits, trust_env=False) as opened:
        yield Http(opened, timeouts, tracing.propagate_trace if settings.otel_exporter_otlp_endpoint else None)
