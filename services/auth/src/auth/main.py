"""auth's app."""

import httpx
from fastapi import FastAPI

from auth.config import Settings
from auth.database import MIGRATIONS
from auth.deps import note_operation, quotas, wire
from auth.routers import (
    accounts,
    admin,
    api_keys,
    conduit,
    identities,
    internal,
    mail,
    mail_codes,
    passkey_metadata,
    passkey_sign_in,
    passkeys,
    password,
    providers,
    second_factor,
    sessions,
    sign_in,
    support,
    tokens,
    well_known,
)
from common.serving.app import build_app
from common.serving.parked_events import parked_events_router
from common.serving.service import lifespan

ROUTERS = (
    tokens,
    sign_in,
    second_factor,
    mail_codes,
    passkey_sign_in,
    accounts,
    sessions,
    api_keys,
    passkeys,
    password,
    mail,
    providers,
    identities,
    admin,
    support,
    well_known,
    passkey_metadata,
    internal,
)


def create_app(settings: Settings, transport: httpx.AsyncBaseTransport | None = None) -> FastAPI:
    app = build_app(
        settings,
        service="auth",
        title="Trivium auth",
        description="Accounts, sign-in, sessions and keys.",
        lifespan=lifespan(MIGRATIONS, wire),
        routers=[
            *(module.router for module in (*ROUTERS, *([conduit] if settings.conduit else []))),
            parked_events_router("auth", note_operation),
        ],
        quotas=quotas(settings),
        transport=transport,
    )
    tokens.install_oauth_errors(app)
    return app
