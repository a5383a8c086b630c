"""Service clients with the default limits, and by default the longest deadline."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
from pydantic import BaseModel, SecretStr

from common.calls.http_pool import http_pool
from common.calls.service_client import ServiceClient
from common.settings import LONGEST_CALL, ServiceSettings
from common.tokens.service_tokens import ServiceTokens
from tests.common.conftest import probe_settings

SECRET = SecretStr("a secret of a service, long enough")


class Number(BaseModel):
    number: int


def call_settings(**changes: Any) -> ServiceSettings:
    return probe_settings(**{"call_deadline": LONGEST_CALL, "breaker_pause": 0.2, **changes})


@asynccontextmanager
async def calling(url: str, /, *, auth_url: str = "", **changes: Any) -> AsyncIterator[ServiceClient]:
    """A client of the peer at `url`, which by default is also auth."""
    settings = call_settings(**changes)
    async with http_pool(settings) as http:
        tokens = ServiceTokens(http, auth_url or url, "svc:posts", SECRET, deadline=settings.call_deadline)
        yield ServiceClient.to("users", url, http=http, tokens=tokens, settings=settings)


def another(client: ServiceClient, audience: str, url: str, **changes: Any) -> ServiceClient:
    """A client of another peer on the same pool."""
    settings = call_settings(**changes)
    return ServiceClient.to(audience, url, http=client.http, tokens=client.tokens, settings=settings)


def connections(http: httpx.AsyncClient) -> int:
    """The number of connections in the pool, in use or idle."""
    transport = http._transport  # no public API for it
    assert isinstance(transport, httpx.AsyncHTTPTransport)
    return len(transport._pool.connections)
