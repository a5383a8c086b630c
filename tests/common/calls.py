"""Service clients with the default limits, and by default the longest deadlines; and what tests ask of their peers."""

import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import httpx
import pytest
from pydantic import BaseModel, SecretStr

from common.calls.http_pool import http_pool
from common.calls.service_client import PeerUnavailable, ServiceClient
from common.settings import LONGEST_CALL, ServiceSettings
from common.tokens.replies import Http
from common.tokens.service_tokens import ServiceTokens
from deploy.local.ports import free_port
from tests.common.conftest import probe_settings
from tests.common.misbehaving import answer
from tests.waiting import GENEROUS

SECRET = SecretStr("a secret of a service, long enough")


class Number(BaseModel):
    number: int


def call_settings(**changes: Any) -> ServiceSettings:
    """On a busy machine a test's own peer may take more than the default half a second to accept."""
    longest = {"call_deadline": LONGEST_CALL, "connect_timeout": LONGEST_CALL}
    return probe_settings(**{**longest, "breaker_pause": 0.2, **changes})


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


def connections(http: Http) -> int:
    """The number of connections in the pool, in use or idle."""
    assert isinstance(http.transport, httpx.AsyncHTTPTransport)
    return len(http.transport._pool.connections)  # there is no public API for it


GOOD = answer(200, {"number": 7, "unknown": "ignored"})


@contextmanager
def fails_in_time() -> Iterator[None]:
    """The limit is far above the deadline, since the machine may be busy; some of the peers never answer."""
    started = time.monotonic()
    with pytest.raises(PeerUnavailable):
        yield
    assert time.monotonic() - started < GENEROUS


async def ask(client: ServiceClient) -> Number | None:
    return await client.get("/internal/number", Number)


def closed_port() -> str:
    return f"http://127.0.0.1:{free_port()}"
