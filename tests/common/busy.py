"""A server with low limits, and requests that run until they are released."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from fastapi import FastAPI, Response
from fastapi.responses import StreamingResponse

from common.http.access import public
from common.http.paging import Paging
from common.http.routing import ServiceRoute, TokenRoute, service_router
from common.schemas import Incoming
from common.serving.app import build_app
from common.serving.load_shedding import LoadShedder
from tests.common.conftest import lifespan, probe_settings
from tests.common.serving import Streams, ask, connected, request, serving
from tests.waiting import eventually

MOST = 8
LISTS = 6
LARGE = 12_000_000
"""Bytes, more than the buffers between a server and a client that does not read."""


class Word(Incoming):
    word: str


@dataclass
class Busy:
    """A server with routes that wait until they are released."""

    app: FastAPI
    port: int
    go_on: asyncio.Event
    waiting: AsyncExitStack
    begun: int = 0
    streams: list[Streams] = field(default_factory=list)

    @property
    def limit(self) -> LoadShedder:
        limit: LoadShedder = self.app.state.load_shedder
        return limit

    async def have_under_way(self, count: int, path: str = "/wait") -> None:
        """Begin `count` waiting requests."""
        for _ in range(count):
            streams = await self.waiting.enter_async_context(connected(self.port))
            streams[1].write(request(path))
            self.streams.append(streams)
        await eventually(lambda: len(self.limit.tasks) == len(self.streams))

    async def status(self, *parts: bytes) -> int:
        return (await ask(self.port, *parts))[0]


tokens = service_router("", "tokens", TokenRoute)


@tokens.post("/token")
@public
async def token() -> None:
    """Nothing."""


answers = service_router("", "answers", ServiceRoute)


@answers.get("/flow")
@public
async def flow() -> StreamingResponse:
    async def long() -> AsyncIterator[bytes]:
        for _ in range(LARGE // 65536 + 1):
            yield b"x" * 65536

    return StreamingResponse(long())


@answers.get("/drip")
@public
async def drip() -> StreamingResponse:
    async def drops() -> AsyncIterator[bytes]:
        yield b"drop"
        await asyncio.sleep(60)

    return StreamingResponse(drops())


@answers.get("/large")
@public
async def large() -> Response:
    return Response(b"x" * LARGE)


def busy_app(go_on: asyncio.Event) -> FastAPI:
    router = service_router("", "probe", ServiceRoute)

    @router.get("/wait")
    @public
    async def wait(*, fail: bool = False) -> None:
        await go_on.wait()
        if fail:
            raise RuntimeError

    @router.get("/things")
    @public
    async def things(page: Paging) -> None:
        """Nothing."""

    @router.get("/things/{thing_id}")
    @router.post("/things")
    @public
    async def thing() -> None:
        """Nothing."""

    @router.post("/words")
    @public
    async def word(word: Word) -> str:
        return word.word

    settings = probe_settings(requests_at_once=MOST)
    return build_app(
        settings, service="probe", title="Probe", description="", lifespan=lifespan, routers=[router, tokens, answers]
    )


@asynccontextmanager
async def served(**options: Any) -> AsyncIterator[Busy]:
    go_on = asyncio.Event()
    app = busy_app(go_on)
    async with serving(app, app.state.load_shedder, **options) as port, AsyncExitStack() as waiting:
        yield Busy(app, port, go_on, waiting)
        go_on.set()
