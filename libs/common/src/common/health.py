"""`/livez`: the process runs. `/readyz`: it can do its work. Neither ever asks a peer."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from fastapi import APIRouter, Request, Response
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
    checks: Sequence[Check] = request.app.state.readiness
    if request.app.state.draining:
        response.status_code = 503
        return Health(status="stopping")
    missing = [problem for problem in await asyncio.gather(*(run(check) for check in checks)) if problem]
    if missing:
        response.status_code = 503
        return Health(status="not ready", missing=missing)
    return Health(status="ready")


async def run(check: Check) -> str | None:
    try:
        return await asyncio.wait_for(check(), TIMEOUT)
    except TimeoutError:
        return f"{check.__name__.replace('_', ' ')}: no answer"
