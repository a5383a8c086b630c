"""conduit's app."""

import httpx
from fastapi import FastAPI

from common.serving.app import build_app
from common.serving.stateless import stateless
from conduit.config import Settings
from conduit.deps import SCHEME, wire
from conduit.routers import articles, comments, profiles, tags, users
from conduit.schemas.errors import install_errors


def create_app(settings: Settings, transport: httpx.AsyncBaseTransport | None = None) -> FastAPI:
    app = build_app(
        settings,
        service="conduit",
        title="Trivium conduit",
        description="The RealWorld API, for its front ends.",
        lifespan=stateless(wire),
        routers=[module.router for module in (articles, users, profiles, comments, tags)],
        transport=transport,
    )
    app.state.auth_scheme = SCHEME
    install_errors(app)
    return app
