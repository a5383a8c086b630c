"""auth's app."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from auth.config import Settings
from auth.database import MIGRATIONS
from auth.deps import quotas, wire
from auth.routers import accounts, internal, tokens, well_known
from common.app import build_app
from common.background import running
from common.database import Database
from common.idempotency import forget_expired
from common.migrations import database_is_ready


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncGenerator[None]:
    """Open what the app needs, and close it again. Nothing is opened at import."""
    settings: Settings = app.state.settings
    database = Database(settings)
    app.state.database = database
    wire(app, settings, database)
    app.state.readiness = (database_is_ready(database, MIGRATIONS), app.state.keys.signing_keys_are_loaded)
    await database.connect()
    try:
        async with running(app.state.keys.keep_fresh(), forget_expired(database)):
            yield
    finally:
        await database.disconnect()


def create_app(settings: Settings) -> FastAPI:
    app = build_app(
        settings,
        service="auth",
        title="Trivium auth",
        description="Accounts, sign-in, sessions and keys.",
        lifespan=lifespan,
        routers=[tokens.router, accounts.router, well_known.router, internal.router],
        quotas=quotas(settings),
    )
    tokens.install_oauth_errors(app)
    return app
