"""`/livez`: the process runs. `/readyz`: it can serve requests. Neither ever asks a peer."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from fastapi import APIRouter, FastAPI, Request, Response
from pydantic import BaseModel

TIMEOUT: Final = 1.0
QUIET: Final = frozenset({"/livez", "/readyz", "/metrics"})
"""Paths that machines request every few seconds: not logged, not counted, not traced."""

Check = Callable[[], Awaitable[str | None]]
"""Returns what is missing, or None if nothing is."""


class Health(BaseModel):
    """The state of a process."""

    status: str
    missing: list[str] = []


router = APIRouter(tags=["health"], include_in_schema=False)


@router.get("/livez")
async def livez() -> Health:
    """The process answers. If it does not, restart it."""
    return Health(status="alive")


@router.get("/readyz")
async def readyz(request: Request, response: Response) -> Health:
    """Ready to receive requests."""
    if request.app.state.draining:
        response.status_code = 503
        return Health(status="stopping")
    if missing := await failing_checks(request.app):
        response.status_code = 503
        return Health(status="not ready", missing=missing)
    return Health(status="ready")


async def failing_checks(app: FastAPI) -> list[str]:
    """The failed checks; an empty list if the app is ready."""
    checks: Sequence[Check] = app.state.readiness
    return [problem for problem in await asyncio.gather(*(run_check(check) for check in checks)) if problem]


async def wait_until_ready(app: FastAPI, patience: float) -> None:
    """Return once the app is ready or told to stop, or after `patience` seconds."""
    ends_at = time.monotonic() + patience
    while not app.state.draining and time.monotonic() < ends_at and await failing_checks(app):  # noqa: ASYNC110
        await asyncio.sleep(0.02)


async def run_check(check: Check) -> str | None:
    try:
        return await asyncio.wait_for(check(), TIMEOUT)
    except TimeoutError:
        return f"{check.__name__.replace('_', ' ')}: no answer"
