"""A small app, built like the services, whose routes are controlled by tests. It has no database."""

import secrets
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Annotated, Any

import pytest
from fastapi import FastAPI, Form, Request
from httpx import ASGITransport, AsyncClient
from pydantic import BaseModel
from starlette.exceptions import HTTPException

from common.db.database import Database
from common.http.access import public
from common.http.routing import ServiceRoute, SmallBodyRoute, service_router
from common.schemas import Id, Incoming, Text
from common.serving.app import build_app
from common.settings import ServiceSettings

NOWHERE = "postgresql://nobody@127.0.0.1:1/nowhere"  # nothing listens on port 1
Fails = dict[str, Callable[[], BaseException]]


class Note(Incoming):
    text: Text


class FormNote(BaseModel):
    text: Text = ""


def probe_settings(**changes: object) -> ServiceSettings:
    needed = {"database_url": NOWHERE, "database_password": secrets.token_urlsafe(32)}
    return ServiceSettings.model_validate({**needed, "cors_origins": ["http://app.example"], **changes})


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncGenerator[None]:
    app.state.database = Database(app.state.settings)
    yield
    await app.state.database.disconnect()


def probe_app(fails: Fails | None = None, **changes: object) -> FastAPI:
    """`GET /probe/fail/NAME` raises the error of that name in `fails`."""
    router, small = service_router("/probe", "probe", ServiceRoute), service_router("/small", "small", SmallBodyRoute)

    @router.get("/fail/{name}")
    @public
    async def fail(name: str) -> None:
        raise (fails or {})[name]()

    @router.get("/who")
    @public
    async def who(request: Request) -> dict[str, Any]:
        return {"ip": request.state.client_ip, "id": request.state.request_id}

    @router.get("/items/{item_id}")
    @public
    async def item(item_id: Id) -> dict[str, int]:
        return {"id": item_id}

    @router.post("/notes")
    @small.post("/notes")
    @public
    async def note(note: Note) -> dict[str, int]:
        return {"length": len(note.text)}

    @small.post("/forms")
    @public
    async def form(note: Annotated[FormNote, Form()]) -> dict[str, int]:
        return {"length": len(note.text)}

    @router.get("/teapot")
    @public
    async def teapot() -> None:
        raise HTTPException(418, "short and stout", {"X-Tea": "Earl Grey"})

    settings = probe_settings(**changes)
    return build_app(
        settings, service="probe", title="Probe", description="", lifespan=lifespan, routers=[router, small]
    )


@asynccontextmanager
async def probing(app: FastAPI, peer: str = "127.0.0.1") -> AsyncIterator[AsyncClient]:
    async with app.router.lifespan_context(app):
        transport = ASGITransport(app, raise_app_exceptions=False, client=(peer, 40_000))
        async with AsyncClient(transport=transport, base_url="http://probe.test") as client:
            yield client


@pytest.fixture(scope="module")
async def probe() -> AsyncIterator[AsyncClient]:
    async with probing(probe_app()) as client:
        yield client


class FakeClock:
    """A clock that tests move."""

    def __init__(self, now: float = 1_000_000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()
