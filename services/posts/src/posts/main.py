"""posts' app."""

import httpx
from fastapi import FastAPI

from common.pictures.routes import pictures_router
from common.serving.app import build_app
from common.serving.parked_events import parked_events_router
from common.serving.service import lifespan
from posts.config import Settings
from posts.database import MIGRATIONS
from posts.deps import quotas, wire
from posts.routers import comments, feeds, internal, likes, moderation, numbered, posts, reports


def create_app(settings: Settings, transport: httpx.AsyncBaseTransport | None = None) -> FastAPI:
    return build_app(
        settings,
        service="posts",
        title="Trivium posts",
        description="Posts, comments, likes and the feed.",
        lifespan=lifespan(MIGRATIONS, wire),
        routers=[
            numbered.router,
            feeds.router,
            reports.router,
            pictures_router("posts"),
            posts.router,
            likes.router,
            comments.router,
            moderation.router,
            parked_events_router("posts"),
            internal.router,
        ],
        quotas=quotas(settings),
        transport=transport,
    )
