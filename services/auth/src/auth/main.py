"""auth's app."""

import httpx
from fastapi import FastAPI

from auth.config import Settings
from auth.database import MIGRATIONS
from auth.deps import quotas, wire
from auth.routers import (
    accounts,
    admin,
    conduit,
    identities,
    internal,
    mail,
    password,
    providers,
    sessions,
    sign_in,
    tokens,
    well_known,
)
from common.serving.app import build_app
from common.serving.service import lifespan

ROUTERS = (tokens, sign_in, accounts, sessions, password, mail, providers, identities, admin, well_known, internal)


def create_app(settings: Settings, transport: httpx.AsyncBaseTransport | None = None) -> FastAPI:
    app = build_app(
        settings,
        service="auth",
        title="Trivium auth",
        description="Accounts, sign-in, sessions and keys.",
        lifespan=lifespan(MIGRATIONS, wire),
        routers=[module.router for module in (*ROUTERS, *([conduit] if settings.conduit else []))],
        quotas=quotas(settings),
        transport=transport,
    )
    tokens.install_oauth_errors(app)
    return app
