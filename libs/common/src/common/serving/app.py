"""The part of an app that is the same in every service: handlers, limits, health, docs, logs."""

from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import timedelta
from typing import TYPE_CHECKING

import httpx
from fastapi import APIRouter, FastAPI

from common import __version__, health
from common.access_log import AccessLog
from common.http import docs
from common.http.error_handlers import install_problem_handlers
from common.http.middleware import RequestMiddleware
from common.http.rate_limits import GENERAL, Quota, RateLimits
from common.logs import configure_logging
from common.observability import metrics, tracing
from common.serving.load_shedding import LoadShedder
from common.settings import AppSettings

if TYPE_CHECKING:
    from common.calls.rate_limit_store import RateLimitStore

Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[None]]


def build_app(
    settings: AppSettings,
    *,
    service: str,
    title: str,
    description: str,
    lifespan: Lifespan,
    routers: Sequence[APIRouter],
    quotas: Mapping[str, Quota] | None = None,
    transport: httpx.AsyncBaseTransport | None = None,
) -> FastAPI:
    """A service's app. The busiest router comes first: a request tries the routes in order.

    `quotas` are the rate limits that its routes name, beside the general one.
    `transport` replaces the network for calls to other services in tests.
    """
    production = settings.profile == "production"
    out = configure_logging(service, settings.log_level, settings.log_format)
    tracer = tracing.tracer_provider(service, settings)
    app = tracing.TracedApp(
        tracer,
        settings,
        title=title,
        description=description,
        version=__version__,
        lifespan=closing_store(lifespan),
        openapi_url=None,  # the gateway serves it, and the page, as files (deploy/gateway)
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    app.state.service = service
    app.state.settings = settings
    app.state.transport = transport
    app.state.readiness = ()
    app.state.error_form = None
    app.state.tracer = tracer
    app.state.metrics = metrics.Metrics(out)
    app.state.rate_limit_store = open_store(settings, service)
    app.state.rate_limits = RateLimits(
        {GENERAL: Quota(settings.rate_limit_general, timedelta(minutes=1)), **(quotas or {})},
        on=production if settings.rate_limits is None else settings.rate_limits,
        store=app.state.rate_limit_store,
        fails_open=settings.rate_limit_store_fails == "open",
    )
    app.state.draining = False
    for router in (*routers, health.router, metrics.router):
        # On the app itself: `include_router` would build each route's handler anew, and find it through a tree. What it
        # would add from the app (dependencies, responses) is not used here.
        app.router.routes.extend(router.routes)
    app.state.load_shedder = LoadShedder(app.routes, settings.most_requests)
    app.openapi = lambda: docs.describe(app)  # type: ignore[method-assign]  # FastAPI's documented way
    install_problem_handlers(app)
    app.add_middleware(
        RequestMiddleware,
        cors_origins=settings.page_origins,
        trusted_proxies=settings.proxies,
        hsts=production,
        call_deadline=settings.call_deadline,
        max_deadline=settings.max_deadline,
        tracer=tracing.tracer_of(tracer),
        metrics=app.state.metrics,
        access_log=AccessLog(service, settings.log_level, settings.log_format, out),
    )
    return app


def open_store(settings: AppSettings, service: str) -> "RateLimitStore | None":
    """The store of rate limits, if the settings name one."""
    if settings.rate_limit_store is None:
        return None
    from common.calls.rate_limit_store import RateLimitStore  # only here: its client takes 3 MiB

    return RateLimitStore.of(settings, service)


def closing_store(lifespan: Lifespan) -> Lifespan:
    """The same, and the store of rate limits is closed at the end."""

    @asynccontextmanager
    async def run(app: FastAPI) -> AsyncGenerator[None]:
        try:
            async with lifespan(app):
                yield
        finally:
            if app.state.rate_limit_store is not None:
                await app.state.rate_limit_store.close()

    return run
