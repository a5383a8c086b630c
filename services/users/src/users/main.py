"""users' app."""

import httpx
from fastapi import FastAPI

from common.pictures.routes import pictures_router
from common.serving.app import build_app
from common.serving.parked_events import parked_events_router
from common.serving.service import lifespan
from users.config import Settings
from users.database import MIGRATIONS
from users.deps import quotas, wire
from users.routers import blocks, conduit, export, follows, internal, profiles

ROUTERS = (
    pictures_router("users"),  # before `/users/{user_id}`
    profiles.router,
    follows.router,
    blocks.router,
    export.router,
    parked_events_router("users"),
    internal.router,
)


def create_app(settings: Settings, transport: httpx.AsyncBaseTransport | None = None) -> FastAPI:
    return build_app(
        settings,
        service="users",
        title="Trivium users",
        description="Profiles, follows and blocks.",
        lifespan=lifespan(MIGRATIONS, wire),
        routers=[*ROUTERS, *([conduit.router] if settings.conduit else [])],
        quotas=quotas(settings),
        transport=transport,
    )
