"""A service without a database: it answers by calling the others with its caller's own token."""

from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from fastapi import FastAPI

from common.calls.http_pool import http_pool
from common.calls.service_client import ServiceClient
from common.serving import collectors
from common.settings import AppSettings
from common.tokens.claims import Principal
from common.tokens.replies import Http
from common.tokens.service_tokens import TokenSource

S = TypeVar("S", bound=AppSettings)


class NoTokens:
    """`TokenSource` for calls without a token."""

    async def token_for(self, audience: str) -> None:
        return None

    def forget(self, audience: str, token: str) -> bool:
        return False


class Callers(Protocol):
    """Identifies callers by their tokens."""

    async def verify(self, token: str) -> Principal:
        """Raises InvalidToken, DependencyUnavailable."""


@dataclass(frozen=True, slots=True)
class Connected(Generic[S]):
    """The parts that every stateless service has."""

    settings: S
    http: Http

    def peer(self, name: str, tokens: TokenSource | None = None) -> ServiceClient:
        """The client for another service, at the address `<name>_url` of the settings."""
        url: str = getattr(self.settings, f"{name}_url")
        return ServiceClient.to(name, url, http=self.http, tokens=tokens or NoTokens(), settings=self.settings)


@dataclass(frozen=True, slots=True, kw_only=True)
class StatelessParts:
    """The parts that a stateless service adds."""

    callers: Callers
    peers: Sequence[ServiceClient]
    state: Mapping[str, object]


def stateless(wire: Callable[[Connected[S]], StatelessParts]) -> Callable[[FastAPI], AbstractAsyncContextManager[None]]:
    """The lifespan of a stateless service. It is ready as soon as it runs."""

    @asynccontextmanager
    async def open_parts(app: FastAPI) -> AsyncGenerator[None]:
        state = app.state
        async with http_pool(state.settings, state.transport) as http:
            parts = wire(Connected(state.settings, http))
            state.verifier = parts.callers
            for name, part in parts.state.items():
                setattr(state, name, part)
            state.metrics.collectors = (
                collectors.requests(state.load_shedder),
                collectors.calls(*parts.peers),
                collectors.rate_limits(state),
            )
            yield

    return open_parts
