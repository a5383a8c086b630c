"""skeleton's app."""

import httpx
from fastapi import FastAPI

from common.serving.app import build_app
from common.serving.parked_events import parked_events_router
from common.serving.service import lifespan
from skeleton.config import Settings
from skeleton.database import MIGRATIONS
from skeleton.deps import wire
from skeleton.routers import internal, members


def create_app(settings: Settings, transport: httpx.AsyncBaseTransport | None = None) -> FastAPI:
    return build_app(
        settings,
        service="skeleton",
        title="Trivium skeleton",
        description="A new service.",
        lifespan=lifespan(MIGRATIONS, wire),
        routers=[members.router, parked_events_router("skeleton"), internal.router],
        quotas={},
        transport=transport,
    )
