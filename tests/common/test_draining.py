"""R-21, one process: a stopping server, as its clients see it."""

import asyncio
import signal
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from fastapi import FastAPI, Request
from fastapi.responses import PlainTextResponse, StreamingResponse
from httpx import AsyncClient, ConnectError

from common import health
from common.serving.draining import DrainingServer
from common.serving.http_limits import bounded_http
from common.serving.load_shedding import LoadShedder
from deploy.local.ports import free_port
from tests.waiting import GENEROUS, eventually, in_time

DRAIN = 0.3
MARKED = ContextVar("marked", default=False)


@dataclass
class Slow:
    """Requests to /slow, which end when a test says so."""

    begun: int = 0
    go_on: asyncio.Event = field(default_factory=asyncio.Event)


@dataclass
class Told:
    """A server in this process, and its state."""

    server: DrainingServer
    port: int
    running: asyncio.Task[None]
    client: AsyncClient
    lifespan: list[str] = field(default_factory=list)
    slow: Slow = field(default_factory=Slow)

    def signal(self, number: signal.Signals = signal.SIGTERM) -> None:
        self.server.handle_exit(number, None)

    async def refuses(self) -> bool:
        """Whether new connections are refused."""
        try:
            _, writer = await self.connect()
        except OSError:
            return True
        writer.close()
        return False

    async def connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection("127.0.0.1", self.port)

    async def ends(self) -> None:
        await in_time(asyncio.shield(self.running))
        assert self.lifespan == ["up", "down"]


def make_app(lifespan: list[str], slow: Slow) -> FastAPI:
    @asynccontextmanager
    async def life(_: FastAPI) -> AsyncIterator[None]:
        lifespan.append("up")
        yield
        lifespan.append("down")

    app = FastAPI(lifespan=life)
    app.state.draining, app.state.readiness = False, ()
    app.include_router(health.router)

    @app.get("/slow")
    async def wait() -> str:
        slow.begun += 1
        await slow.go_on.wait()
        return "done"

    @app.get("/marked")
    async def marked() -> bool:
        found = MARKED.get()
        MARKED.set(True)
        return found

    @app.post("/upload")
    async def upload(request: Request) -> int:
        return len(await request.body())

    @app.get("/large")
    async def large() -> PlainTextResponse:
        return PlainTextResponse("x" * 50_000_000)

    @app.get("/endless")
    async def endless() -> StreamingResponse:
        async def flow() -> AsyncIterator[bytes]:
            while True:
                yield b"x" * 65536
                await asyncio.sleep(0)

        return StreamingResponse(flow())

    return app


@pytest.fixture
async def told() -> AsyncIterator[Told]:
    """A running server, before a signal to stop."""
    lifespan, slow = list[str](), Slow()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        server = DrainingServer(
            make_app(lifespan, slow),
            timedelta(seconds=DRAIN),
            http=bounded_http(LoadShedder((), 1000)),
            ws="none",
            log_config=None,
            access_log=False,
        )
        task = asyncio.create_task(server.serve(sockets=[listener]))
        async with AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=GENEROUS) as client:
            await client.get("/livez")  # waits in the listener's queue until the server accepts
            yield Told(server, port, task, client, lifespan, slow)
        server.should_exit = server.force_exit = True
        await task


async def test_readiness_is_red_at_once_while_requests_are_still_served(told: Told) -> None:
    assert (await told.client.get("/readyz")).status_code == 200
    told.server.drain = 3600
    told.signal()
    red = await told.client.get("/readyz")  # the very next answer
    assert (red.status_code, red.json()["status"]) == (503, "stopping")
    for _ in range(20):
        live = await told.client.get("/livez")
        assert (live.status_code, live.headers["connection"]) == (200, "close")
        await asyncio.sleep(0.02)
    told.signal()
    await told.ends()
    with pytest.raises(ConnectError):
        await told.client.get("/livez")


async def test_what_runs_when_told_is_finished_long_after_the_drain_time(told: Told) -> None:
    told.server.drain = 1
    slow = asyncio.create_task(told.client.get("/slow"))
    await eventually(lambda: told.slow.begun == 1)
    told.signal()
    late = asyncio.create_task(told.client.get("/slow"))  # begun while draining
    await eventually(lambda: told.slow.begun == 2)
    await eventually(told.refuses)
    told.slow.go_on.set()
    for answer in await asyncio.gather(slow, late):
        assert (answer.status_code, answer.text, answer.headers["connection"]) == (200, '"done"', "close")
    await told.ends()


async def test_a_body_that_comes_slowly_is_waited_for(told: Told) -> None:
    reader, writer = await told.connect()
    writer.write(b"POST /upload HTTP/1.1\r\nHost: x\r\nContent-Length: 6\r\n\r\n")
    for part in (b"ab", b"cd", b"ef"):
        writer.write(part)
        await writer.drain()
        if part == b"ab":
            told.signal()
        await asyncio.sleep(DRAIN)
    answer = await in_time(reader.read())
    assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
    assert b"connection: close" in answer
    assert answer.endswith(b"\r\n\r\n6")
    writer.close()
    await told.ends()


async def test_an_idle_connection_may_be_used_until_the_end_and_does_not_delay_it(told: Told) -> None:
    told.server.drain = 1
    used, unused = await told.connect(), await told.connect()
    request = b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n"
    used[1].write(request)
    assert b"connection: close" not in await used[0].readuntil(b"}")
    told.signal()
    await asyncio.sleep(DRAIN)
    used[1].write(request)
    assert b"connection: close" in await used[0].read()
    assert await in_time(unused[0].read()) == b""
    await told.ends()
    for _, writer in (used, unused):
        writer.close()


async def test_after_the_drain_time_there_are_no_new_connections_and_old_ones_have_a_last_answer(told: Told) -> None:
    """R-21: a gateway that continues to send drains them, and none is closed during a request."""
    spare, unused = await told.connect(), await told.connect()
    told.signal()
    await eventually(told.refuses)
    spare[1].write(b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n")
    assert b"connection: close" in await spare[0].read()
    assert await in_time(unused[0].read()) == b""
    await told.ends()
    for _, writer in (spare, unused):
        writer.close()


@pytest.mark.parametrize("path", ["/large", "/endless"])
async def test_a_client_that_never_reads_is_left_when_the_time_is_up(told: Told, path: str) -> None:
    told.server.config.timeout_graceful_shutdown = 0
    _, writer = await told.connect()
    writer.write(b"GET %s HTTP/1.1\r\nHost: x\r\n\r\n" % path.encode())
    await asyncio.sleep(0.2)
    told.signal()
    await told.ends()
    writer.transport.abort()


async def test_a_second_signal_skips_the_drain_and_a_third_the_rest(told: Told) -> None:
    slow = asyncio.create_task(told.client.get("/slow"))
    await eventually(lambda: told.slow.begun)
    told.server.drain = 3600
    told.signal()
    told.signal()
    await eventually(told.refuses)
    assert not told.running.done()
    told.signal()
    await in_time(asyncio.shield(told.running))
    slow.cancel()


@pytest.mark.parametrize("signals", [[signal.SIGINT], [signal.SIGTERM, signal.SIGTERM]])
async def test_sigint_is_a_person_who_does_not_wait_nor_does_who_says_it_twice(
    told: Told, signals: list[signal.Signals]
) -> None:
    _, idle = await told.connect()
    told.server.drain = 3600
    for number in signals:
        told.signal(number)
    await told.ends()
    idle.close()


def test_many_connections_are_accepted_in_one_turn_of_the_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    """R-17: under load the event loop's turns are long, and the accept queue would overflow."""
    server = DrainingServer(
        make_app([], Slow()),
        timedelta(0),
        port=free_port(),
        http=bounded_http(LoadShedder((), 1000)),
        log_config=None,
        loop="uvloop",
    )
    turns: list[int] = []

    async def look(counter: int) -> bool:
        clients = [socket.socket() for _ in range(48)]
        for client in clients:
            client.setblocking(False)
            client.connect_ex(("127.0.0.1", server.config.port))
        while len(server.server_state.connections) < len(clients):
            turns.append(len(server.server_state.connections))
            await asyncio.sleep(0)
        for client in clients:
            client.close()
        return True

    monkeypatch.setattr(server, "on_tick", look)
    server.run()
    assert len(turns) <= 10


async def test_a_pipelined_request_has_a_context_of_its_own(told: Told) -> None:
    """It would inherit the trace of the one before it."""
    reader, writer = await told.connect()
    for more in (b"", b"Connection: close\r\n"):
        writer.write(b"GET /marked HTTP/1.1\r\nHost: x\r\n" + more + b"\r\n")
    answers = await in_time(reader.read())
    writer.close()
    assert (answers.count(b"\r\n\r\nfalse"), answers.count(b"\r\n\r\ntrue")) == (2, 0)
