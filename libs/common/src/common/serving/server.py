"""Serves an app until a signal to stop."""

import gc
import resource
import signal
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Final

import structlog
from fastapi import FastAPI

from common.health import wait_until_ready
from common.serving.draining import DrainingServer
from common.serving.http_limits import bounded_http
from common.settings import AppSettings

log = structlog.get_logger()

KEEP_ALIVE: Final = 75
"""Seconds. Longer than the gateway keeps idle connections (30), so that it never sends on a closing one."""
MANY_FILES: Final = 65_536
READY_PATIENCE: Final = 2.0
"""Seconds after which a service listens even if it lacks something, such as its database. `/readyz` names it."""


def listen_when_ready(app: FastAPI) -> None:
    """Listen only once the app is ready: balancers such as Docker's names use every process that listens."""
    start = app.router.lifespan_context

    @asynccontextmanager
    async def start_and_wait(app: FastAPI) -> AsyncGenerator[None]:
        async with start(app):
            await wait_until_ready(app, READY_PATIENCE)
            yield

    app.router.lifespan_context = start_and_wait


def allow_many_connections() -> None:
    """Raise the limit of file descriptors, often 1,024 by default: each connection takes one (R-29)."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard == resource.RLIM_INFINITY or hard > soft:
        most = MANY_FILES if hard == resource.RLIM_INFINITY else min(hard, MANY_FILES)
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, most), hard))


def tell_how_limits_grow(app: FastAPI) -> None:
    """Log that processes count rate limits separately, if the settings tell of several and name no store."""
    state, processes = app.state, app.state.settings.replicas
    if processes > 1 and state.rate_limits.on and state.rate_limit_store is None:
        log.warning("rate limits are counted by each process: name a RATE_LIMIT_STORE", limits_grow_up_to=processes)


def serve(app: FastAPI, host: str, port: int) -> None:
    """Run until SIGTERM or SIGINT, then exit with status 0: a requested stop is no failure."""
    for stop in (signal.SIGTERM, signal.SIGINT):
        signal.signal(stop, lambda *_: sys.exit(0))  # until the server takes them over
    settings: AppSettings = app.state.settings
    allow_many_connections()
    listen_when_ready(app)
    tell_how_limits_grow(app)
    gc.collect()
    gc.freeze()  # these objects stay for good; later collections skip them
    DrainingServer(
        app,
        settings.drain,
        host=host,
        port=port,
        loop="uvloop",
        http=bounded_http(app.state.load_shedder, settings.page_origins, app.state.error_form),
        ws="none",
        log_config=None,  # `common.logs` has set up logging
        access_log=False,  # `common.http.middleware` writes the line
        server_header=False,
        proxy_headers=False,  # `common.http.middleware` reads X-Forwarded-For, from trusted proxies only
        timeout_keep_alive=KEEP_ALIVE,
    ).run()
