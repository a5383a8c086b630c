"""The pool of outgoing connections."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx

from common.observability import tracing
from common.settings import ServiceSettings


@asynccontextmanager
async def http_pool(
    settings: ServiceSettings, transport: httpx.AsyncBaseTransport | None = None
) -> AsyncIterator[httpx.AsyncClient]:
    """The pool of outgoing connections, one per process. A new client per call would cost 30 ms each.

    Tests pass a `transport` instead of the network.
    """
    limits = httpx.Limits(
        max_connections=settings.call_pool_size,
        max_keepalive_connections=settings.call_pool_size,
        keepalive_expiry=25,  # seconds; the services keep theirs for 75, so none is closed under a call
    )
    timeout = httpx.Timeout(settings.call_deadline.total_seconds(), connect=settings.connect_timeout.total_seconds())
    async with httpx.AsyncClient(
        limits=limits,
        timeout=timeout,
        transport=transport,
        headers={"Accept-Encoding": "identity"},
        event_hooks={"request": [tracing.propagate_trace] if settings.otel_exporter_otlp_endpoint else []},
        follow_redirects=False,
        trust_env=False,
    ) as client:
        yield client
