"""auth's app."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import httpx
from fastapi import FastAPI

from auth.config import Settings
from auth.database import MIGRATIONS
from auth.deps import quotas, wire
from auth.routers import accounts, admin, exports, internal, mail, password, sessions, tokens, well_known
from auth.services.retention import run_retention
from common.background import background_tasks
from common.calls.service_client import http_pool
from common.db.database import Database
from common.db.migrations import database_is_ready
from common.http.idempotency import forget_expired
from common.serving.app import build_app


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncGenerator[None]:
    """Open what the app needs, and close it again. Nothing is opened at import."""
    settings: Settings = app.state.settings
    database = Database(settings)
    app.state.database = database
    await database.connect()
    try:
        async with http_pool(settings, app.state.transport) as http:
            wire(app, settings, database, http)
            keys, revoked, relay = app.state.keys, app.state.revoked, app.state.relay
            migrated = database_is_ready(database, MIGRATIONS)
            app.state.readiness = (migrated, keys.signing_keys_are_loaded, revoked.revocations_are_known)
            work = [keys.keep_fresh(), revoked.keep_fresh(), revoked.forget_expired(), forget_expired(database)]
            work += [run_retention(app.state.transactions)]
            work += [relay.run()] if settings.relay else []
            async with background_tasks(*work):
                yield
            app.state.passwords.close()
    finally:
        await database.disconnect()


def create_app(settings: Settings, transport: httpx.AsyncBaseTransport | None = None) -> FastAPI:
    app = build_app(
        settings,
        service="auth",
        title="Trivium auth",
        description="Accounts, sign-in, sessions and keys.",
        lifespan=lifespan,
        routers=[
            tokens.router,
            accounts.router,
            sessions.router,
            password.router,
            mail.router,
            admin.router,
            well_known.router,
            internal.router,
            exports.router,
        ],
        quotas=quotas(settings),
        transport=transport,
    )
    tokens.install_oauth_errors(app)
    return app
