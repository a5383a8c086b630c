"""users' app."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import httpx
from fastapi import FastAPI

from common.background import background_tasks
from common.calls.service_client import http_pool
from common.db.database import Database
from common.db.migrations import database_is_ready
from common.events.revocations import RevokedTokens
from common.serving.app import build_app
from common.tokens.jwks import KeyStore, RemoteKeys
from common.tokens.verifier import TokenVerifier
from users.config import Settings
from users.database import MIGRATIONS
from users.deps import quotas, wire
from users.routers import blocks, export, follows, internal, profiles


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncGenerator[None]:
    """Open what the app needs, and close it again. Nothing is opened at import."""
    settings: Settings = app.state.settings
    database = Database(settings)
    app.state.database = database
    await database.connect()
    try:
        async with http_pool(settings, app.state.transport) as http:
            keys = RemoteKeys(http, settings.jwks_url, KeyStore(database))
            app.state.revoked = revoked = RevokedTokens(database)
            app.state.verifier = TokenVerifier(
                keys, revoked, issuer=settings.issuer, audience="users", now=revoked.clock.now
            )
            migrated = database_is_ready(database, MIGRATIONS)
            app.state.readiness = (migrated, keys.keys_are_known, revoked.revocations_are_known)
            wire(app, settings, database, http)
            state = app.state
            relay = [state.relay.run(), state.eraser.run(), state.backfill.run()] if settings.relay else []
            async with background_tasks(keys.keep_fresh(), revoked.keep_fresh(), revoked.forget_expired(), *relay):
                yield
    finally:
        await database.disconnect()


def create_app(settings: Settings, transport: httpx.AsyncBaseTransport | None = None) -> FastAPI:
    return build_app(
        settings,
        service="users",
        title="Trivium users",
        description="Profiles and who follows whom.",
        lifespan=lifespan,
        routers=[profiles.router, follows.router, blocks.router, export.router, internal.router],
        quotas=quotas(settings),
        transport=transport,
    )
