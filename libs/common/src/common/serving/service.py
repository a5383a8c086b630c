"""A running service: the parts that all services share, and the parts that each adds.

A service passes a function that makes its `Parts` from `Opened`. This module makes the rest: verifier, readiness,
relay, metrics, and the loops that run beside the requests.
"""

from collections.abc import AsyncGenerator, Callable, Coroutine, Mapping, Sequence, Sized
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

from fastapi import FastAPI
from pydantic import SecretStr
from sqlalchemy import Executable

from common.background import background_tasks
from common.calls.http_pool import http_pool
from common.calls.service_client import ServiceClient
from common.contracts.events import targets_of
from common.db.database import Database
from common.db.reading import ReadSession
from common.db.schema_check import database_is_ready
from common.events.read_models import InboxFactory, ReadModel
from common.events.relay import Channel, Relay, Target
from common.events.revocations import RevokedTokens
from common.http.idempotency import fingerprint_key
from common.observability.metrics import MetricCollector
from common.observability.tracing import tracer_of
from common.serving import collectors
from common.settings import ServiceSettings
from common.spans import context_with
from common.tokens.jwks import RemoteKeys
from common.tokens.known_keys import KeyStore
from common.tokens.replies import Http
from common.tokens.service_tokens import ServiceTokens, TokenSource
from common.tokens.verifier import Keys, TokenVerifier

S = TypeVar("S", bound=ServiceSettings)
Loop = Callable[[], Coroutine[Any, Any, None]]
"""Runs beside the requests until it is cancelled."""


class FreshKeys(Keys, Protocol):
    """The keys that check access tokens, kept up to date by a loop."""

    async def keep_fresh(self) -> None: ...

    async def keys_are_known(self) -> str | None:
        """For `/readyz`."""


@dataclass(frozen=True, slots=True)
class Identity:
    """The keys with which a service checks tokens, and the tokens with which it calls others."""

    keys: FreshKeys
    tokens: TokenSource


@dataclass(frozen=True, slots=True)
class Opened(Generic[S]):
    """The parts that every service has. A service builds its own parts from these."""

    name: str
    settings: S
    database: Database
    http: Http
    revoked: RevokedTokens

    @property
    def reads(self) -> ReadSession:
        return ReadSession(self.database.reading)

    def peer(self, name: str, tokens: TokenSource) -> ServiceClient:
        """The client for another service, at the address `<name>_url` of the settings."""
        url: str = getattr(self.settings, f"{name}_url")
        return ServiceClient.to(name, url, http=self.http, tokens=tokens, settings=self.settings)

    def identity_from_auth(self, secret: SecretStr) -> Identity:
        """For all services but auth: its published keys, and tokens that it issues for the service's secret."""
        keys = RemoteKeys(self.http, self.settings.jwks_url, KeyStore(self.database))
        return Identity(keys, ServiceTokens(self.http, self.settings.auth_url, f"svc:{self.name}", secret))


def nothing() -> None:
    """For services that have nothing to close."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """The parts that a service adds."""

    identity: Identity
    peers: Sequence[ServiceClient] = ()
    """The services that it calls. Those that its events go to are added."""
    targets: Mapping[str, Target | Channel] = field(default_factory=dict)
    """Targets of events that are no services."""
    inbox: InboxFactory
    read_models: Mapping[str, ReadModel] = field(default_factory=dict)
    erasures: Executable
    """Counts the deleted accounts that are not erased yet (`common.events.erasure.BACKLOG`)."""
    loops: Sequence[Loop] = ()
    relay_loops: Sequence[Loop] = ()
    """Loops that run only with the relay: in each replica, or in a process of its own (RELAY=false)."""
    collectors: Sequence[MetricCollector] = ()
    queued: Sized = ()
    """Its requests that wait in a bounded queue and hold no connection: they do not count as running (R-17)."""
    state: Mapping[str, object]
    """Parts that the service's own dependencies read from `app.state` (`common.http.deps.FromState`)."""
    close: Callable[[], None] = nothing


def lifespan(
    migrations: Path, wire: Callable[[Opened[S]], Parts]
) -> Callable[[FastAPI], AbstractAsyncContextManager[None]]:
    """Opens a service's parts and closes them again. Nothing is opened at import."""

    @asynccontextmanager
    async def open_parts(app: FastAPI) -> AsyncGenerator[None]:
        state, settings = app.state, app.state.settings
        database = state.database = Database(settings)
        try:
            async with http_pool(settings, state.transport) as http:
                revoked = state.revoked = RevokedTokens(database)
                opened = Opened(state.service, settings, database, http, revoked)
                parts = with_targets(opened, wire(opened))
                loops = (loop() for loop in install(app, parts, migrations))
                async with background_tasks(*loops, context=partial(context_with, tracer_of(state.tracer))):
                    yield
                parts.close()
        finally:
            await database.disconnect()

    return open_parts


def with_targets(opened: Opened[S], parts: Parts) -> Parts:
    """Add the services that get its events to the peers."""
    there = {peer.audience for peer in parts.peers}
    more = [opened.peer(name, parts.identity.tokens) for name in targets_of(opened.name) if name not in there]
    return replace(parts, peers=[*parts.peers, *more])


def install(app: FastAPI, parts: Parts, migrations: Path) -> Sequence[Loop]:
    """Put the parts into `app.state`, for requests, commands and metrics. Returns the loops."""
    state, settings, database, revoked = app.state, app.state.settings, app.state.database, app.state.revoked
    keys = parts.identity.keys
    relay = state.relay = Relay(database, {**{peer.audience: peer for peer in parts.peers}, **parts.targets})
    verifier = state.verifier = TokenVerifier(
        keys, revoked, issuer=settings.issuer, audience=state.service, now=revoked.clock.now
    )
    state.fingerprint_key = fingerprint_key(settings)
    state.readiness = (database_is_ready(database, migrations), keys.keys_are_known, revoked.revocations_are_known)
    state.inbox, state.read_models = parts.inbox, parts.read_models
    state.load_shedder.queued = parts.queued
    for name, part in parts.state.items():
        setattr(state, name, part)
    state.metrics.collectors = (
        collectors.requests(state.load_shedder),
        collectors.pools(database),
        collectors.outbox(database, relay if settings.relay else None),
        collectors.erasures(database, parts.erasures),
        collectors.calls(*parts.peers),
        collectors.checks(verifier),
        collectors.clock(revoked.clock),
        collectors.rate_limits(state),
        *parts.collectors,
    )
    loops = [keys.keep_fresh, revoked.keep_fresh, revoked.forget_expired, *parts.loops]
    return [*loops, relay.run, *parts.relay_loops] if settings.relay else loops
