"""`/livez`: the process runs. `/readyz`: it can do its work. Neither ever asks a peer."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from fastapi import APIRouter, FastAPI, Request, Response
from pydantic import BaseModel

TIMEOUT: Final = 1.0
QUIET: Final = frozenset({"/livez", "/readyz", "/metrics"})
"""What machines ask every few seconds: no line in the log, no count, no span."""

Check = Callable[[], Awaitable[str | None]]
"""Returns what is missing, or None when all is well."""


class Health(BaseModel):
    """How a process is."""

    status: str
    missing: list[str] = []


router = APIRouter(tags=["health"], include_in_schema=False)


@router.get("/livez")
async def livez() -> Health:
    """Whether the process answers. Restarting it is the cure when it does not."""
    return Health(status="alive")


@router.get("/readyz")
async def readyz(request: Request, response: Response) -> Health:
    """Whether requests should be sent here."""
    if request.app.state.draining:
        response.status_code = 503
        return Health(status="stopping")
    if missing := await failing_checks(request.app):
        response.status_code = 503
        return Health(status="not ready", missing=missing)
    return Health(status="ready")


async def failing_checks(app: FastAPI) -> list[str]:
    """Nothing if the app can do its work."""
    checks: Sequence[Check] = app.state.readiness
    return [problem for problem in await asyncio.gather(*(run_check(check) for check in checks)) if problem]


async def wait_until_ready(app: FastAPI, patience: float) -> None:
    """Return once the app can do its work, is told to stop, or after `patience` seconds."""
    ends_at = time.monotonic() + patience
    while not app.state.draining and time.monotonic() < ends_at and await failing_checks(app):  # noqa: ASYNC110
        await asyncio.sleep(0.02)


async def run_check(check: Check) -> str | None:
    try:
        return await asyncio.wait_for(check(), TIMEOUT)
    except TimeoutError:
        return f"{check.__name__.replace('_', ' ')}: no answer"
