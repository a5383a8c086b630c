"""Which requests are refused when there are too many, and how, on real sockets (R-17 to R-19, R-29)."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field

import pytest
from fastapi import FastAPI, Response
from fastapi.responses import StreamingResponse
from fastapi.routing import iter_route_contexts

from common import http_limits
from common.access import public
from common.admission import Admission
from common.app import build_app
from common.envelope import SECURITY_HEADERS
from common.measures import requests
from common.paging import Paging
from common.routing import Priority, ServiceRoute, TokenRoute, service_router
from common.schemas import Incoming
from tests.common.conftest import FakeClock, eventually, lifespan, probe_settings
from tests.common.serving import Streams, answer, ask, closed, connected, read_all, request, serving
from tests.common.test_routes import SERVICES, app_of
from tests.conftest import Log

MOST = 8
LISTS = 6
LARGE = 12_000_000
"""Bytes, more than the machine keeps between a server and a client that does not read."""


class Word(Incoming):
    word: str


@dataclass
class Busy:
    """A server, some of whose requests wait until they are told to go on."""

    app: FastAPI
    port: int
    go_on: asyncio.Event
    waiting: AsyncExitStack
    begun: int = 0
    streams: list[Streams] = field(default_factory=list)

    @property
    def limit(self) -> Admission:
        limit: Admission = self.app.state.admission
        return limit

    async def have_under_way(self, count: int, path: str = "/wait") -> None:
        """Begin so many requests that wait."""
        for _ in range(count):
            streams = await self.waiting.enter_async_context(connected(self.port))
            streams[1].write(request(path))
            self.streams.append(streams)
        await eventually(lambda: self.limit.under_way == len(self.streams))

    async def status(self, *parts: bytes) -> int:
        return (await ask(self.port, *parts))[0]


tokens = service_router("", "tokens", TokenRoute)


@tokens.post("/token")
@public
async def token() -> None:
    """Nothing."""


def busy_app(go_on: asyncio.Event) -> FastAPI:
    router = service_router("", "probe", ServiceRoute)

    @router.get("/wait")
    @public
    async def wait(*, fail: bool = False) -> None:
        await go_on.wait()
        if fail:
            raise RuntimeError

    @router.get("/flow")
    @public
    async def flow() -> StreamingResponse:
        async def long() -> AsyncIterator[bytes]:
            for _ in range(LARGE // 65536 + 1):
                yield b"x" * 65536

        return StreamingResponse(long())

    @router.get("/large")
    @public
    async def large() -> Response:
        return Response(b"x" * LARGE)

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
        settings, service="probe", title="Probe", description="", lifespan=lifespan, routers=[router, tokens]
    )


@asynccontextmanager
async def served(**options: int) -> AsyncIterator[Busy]:
    go_on = asyncio.Event()
    app = busy_app(go_on)
    async with serving(app, app.state.admission, **options) as port, AsyncExitStack() as waiting:
        yield Busy(app, port, go_on, waiting)
        go_on.set()


@pytest.fixture
async def busy() -> AsyncIterator[Busy]:
    async with served() as busy:
        yield busy


async def test_what_is_too_much_is_told_to_come_back(busy: Busy) -> None:
    """R-17"""
    await busy.have_under_way(MOST)
    async with connected(busy.port) as streams:
        for _ in range(3):
            streams[1].write(request("/things/1"))
            status, headers, problem = await answer(streams)
            assert (status, headers["retry-after"]) == (503, "1")
            assert headers["content-type"] == "application/problem+json"
            assert {name.decode(): value.decode() for name, value in SECURITY_HEADERS}.items() <= headers.items()
            assert (problem["status"], problem["code"]) == (503, "overloaded")
            assert problem["type"] == "urn:trivium:problem:overloaded"
        assert busy.limit.refused == {"lists": 0, "ordinary": 3, "vital": 0}
        busy.go_on.set()
        for waiting in busy.streams:
            assert (await answer(waiting))[0] == 200
        streams[1].write(request("/things/1"))  # on the connection that was refused
        assert (await answer(streams))[0] == 200


async def test_lists_go_first_and_tokens_and_health_last(busy: Busy) -> None:
    """R-19"""
    token = request("/token", "Content-Length: 0", method="POST")
    await busy.have_under_way(LISTS - 1)
    assert await busy.status(request("/things?limit=2")) == 200
    await busy.have_under_way(1)
    assert await busy.status(request("/things?limit=2")) == 503
    assert await busy.status(request("/things/2")) == 200
    assert await busy.status(request("/things", "Content-Length: 0", method="POST")) == 200
    await busy.have_under_way(MOST - LISTS)
    assert await busy.status(request("/things/2")) == 503
    assert await busy.status(request("/nowhere")) == 503
    assert await busy.status(token) == 200
    busy.limit.limits[Priority.ORDINARY] = 2 * MOST  # to have so many wait
    await busy.have_under_way(MOST)
    assert await busy.status(token) == 503
    for path in ("/livez", "/readyz", "/metrics"):
        assert await busy.status(request(path)) == 200, path
    assert busy.limit.refused == {"lists": 1, "ordinary": 2, "vital": 1}


async def test_a_place_is_given_back_however_a_request_ends(busy: Busy) -> None:
    await busy.have_under_way(2, "/wait?fail=true")
    await busy.have_under_way(2, "/flow")
    await busy.have_under_way(2, "/wait")
    late = [await busy.waiting.enter_async_context(connected(busy.port)) for _ in range(2)]
    for streams in late:
        streams[1].write(request("/wait", "X-Deadline-Ms: 200"))
    await eventually(lambda: busy.limit.under_way == MOST)
    for streams in late:
        assert (await answer(streams))[0] == 504
    for place in (2, 3, 4):  # they go away: two in the middle of an answer, one before it
        busy.streams[place][1].transport.abort()
    busy.go_on.set()
    for streams in busy.streams[:2]:
        assert (await answer(streams))[0] == 500
    assert (await answer(busy.streams[5]))[0] == 200
    await eventually(lambda: busy.limit.under_way == 0)
    assert not busy.limit.uploads


async def test_nothing_is_read_of_what_is_refused_and_the_next_request_is_understood(busy: Busy) -> None:
    """R-17: the answer comes before the body; which may come all the same."""
    await busy.have_under_way(MOST)
    async with connected(busy.port) as streams:
        streams[1].write(request("/words", "Content-Type: application/json", "Content-Length: 15", method="POST"))
        assert (await answer(streams))[0] == 503
        busy.go_on.set()
        await eventually(lambda: busy.limit.under_way == 0)
        streams[1].write(b'{"word": "one"}')
        body = b'{"word": "two"}'
        streams[1].write(
            request("/words", "Content-Type: application/json", "Content-Length: 15", method="POST") + body
        )
        assert (await answer(streams))[::2] == (200, "two")


async def test_where_the_next_request_would_start_is_never_guessed(busy: Busy) -> None:
    """S-43"""
    await busy.have_under_way(MOST)
    async with connected(busy.port) as streams:
        streams[1].write(request("/words", "Expect: 100-continue", "Content-Length: 15", method="POST"))
        status, headers, _ = await answer(streams)
        assert (status, headers["connection"]) == (503, "close")
        assert await closed(streams)
    async with connected(busy.port) as streams:
        streams[1].write(request("/things/1", version="1.0"))
        assert (await answer(streams))[1]["connection"] == "close"
        assert await closed(streams)
    async with connected(busy.port) as streams:
        streams[1].write(request("/things/1", method="HEAD") + request("/things/2"))
        head = await asyncio.wait_for(streams[0].readuntil(b"\r\n\r\n"), 5)
        assert head.startswith(b"HTTP/1.1 503")
        assert (await answer(streams))[0] == 503  # no body was between them


async def test_many_requests_in_one_go_are_refused_one_after_the_other(busy: Busy) -> None:
    await busy.have_under_way(MOST)
    async with connected(busy.port) as streams:
        streams[1].write(request("/things/1") * 2_000)
        for _ in range(2_000):
            assert (await answer(streams))[0] == 503
    busy.streams[0][1].write(request("/things/1") * 2_000)  # behind one that is under way
    await asyncio.sleep(0.05)
    busy.limit.limits[Priority.ORDINARY] = busy.limit.open_to_all = 0
    busy.go_on.set()
    assert (await answer(busy.streams[0]))[0] == 200
    assert (await answer(busy.streams[0]))[0] == 503
    assert await closed(busy.streams[0])


async def test_a_body_that_comes_slowly_keeps_nobody_out(busy: Busy) -> None:
    """R-29: who sends for half a minute would else have a place for half a minute."""
    head = request("/words", "Content-Type: application/json", "Content-Length: 15", method="POST")
    slow = [await busy.waiting.enter_async_context(connected(busy.port)) for _ in range(3 * MOST)]
    for streams in slow:
        streams[1].write(head + b'{"word')
    await eventually(lambda: len(busy.limit.uploads) == len(slow))
    assert busy.limit.under_way == 0
    assert await busy.status(request("/things?limit=2")) == 200
    slow[0][1].transport.abort()
    await eventually(lambda: len(busy.limit.uploads) == len(slow) - 1)
    for streams in slow[1:]:
        streams[1].write(b'": "one"}')
    for streams in slow[1:]:
        assert (await answer(streams))[0] == 200
    assert busy.limit.under_way == len(busy.limit.uploads) == 0


async def test_a_body_that_nobody_reads_ends_with_its_connection(busy: Busy, monkeypatch: pytest.MonkeyPatch) -> None:
    """R-29: a byte now and then would else keep the connection for ever."""
    monkeypatch.setattr(http_limits, "LINGER", 0.1)
    async with connected(busy.port) as streams:
        streams[1].write(request("/nowhere", "Content-Length: 1000", method="POST"))
        assert (await answer(streams))[0] == 404
        streams[1].write(b"x")
        assert await closed(streams)
    assert not busy.limit.uploads


@pytest.mark.parametrize("path", ["/large", "/flow"])
@pytest.mark.parametrize("headers", [(), ("Connection: close",)], ids=["kept", "closing"])
async def test_who_does_not_read_is_cut_off(
    busy: Busy, monkeypatch: pytest.MonkeyPatch, path: str, headers: tuple[str, ...]
) -> None:
    """R-29: and gives its place back."""
    monkeypatch.setattr(http_limits, "SEND_TIMEOUT", 0.1)
    async with connected(busy.port, buffer=4096) as streams:
        streams[1].write(request(path, *headers))
        await asyncio.sleep(0.8)
        assert 0 < await read_all(streams) < LARGE
    await eventually(lambda: busy.limit.under_way == 0)


async def test_who_reads_slowly_is_waited_for(busy: Busy, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_limits, "SEND_TIMEOUT", 0.2)
    async with connected(busy.port, buffer=4096) as streams:
        streams[1].write(request("/large", "Connection: close"))
        assert await read_all(streams, pause=0.005) > LARGE


async def test_an_idle_connection_whose_answer_is_not_read_is_cut_off() -> None:
    """R-29: closing it would wait for the reader."""
    async with served(timeout_keep_alive=1) as busy, connected(busy.port, buffer=4096) as streams:
        streams[1].write(request("/large"))
        await asyncio.sleep(1.2)
        assert 0 < await read_all(streams) < LARGE


async def test_refusals_are_counted_and_told_now_and_then(log: Log, clock: FakeClock) -> None:
    """R-30"""
    async with served() as busy:
        busy.limit._now = clock
        await busy.have_under_way(MOST)
        for _ in range(3):
            await busy.status(request("/things/1"))
        clock.now += 1.1
        await busy.status(request("/things/1"))
        found = [line["refused"] for line in log() if line["event"] == "more requests than can be served"]
        assert found == [1, 3]
        samples = {
            (sample.name, sample.labels.get("priority")): sample.value
            for metric in await requests(busy.limit)()
            for sample in metric.samples
        }
        assert samples["http_requests_under_way", None] == MOST
        assert samples["http_requests_limit", "ordinary"] == MOST
        assert samples["http_requests_shed_total", "ordinary"] == 4


VITAL = {
    "POST /auth/token",
    "POST /auth/revoke",
    "GET /.well-known/jwks.json",
    "GET /.well-known/oauth-authorization-server",
    "GET /auth/accounts",
    "GET /auth/accounts/{account_id}",
    "PATCH /auth/accounts/{account_id}",
    "DELETE /auth/accounts/{account_id}/sessions",
    "GET /auth/audit",
}
"""Beside `/internal/`."""
PAGED = {
    "GET /auth/sessions",
    "GET /users",
    "GET /users/me/blocks",
    "GET /users/{user_id}/followers",
    "GET /users/{user_id}/following",
    "GET /posts",
    "GET /posts/feed",
    "GET /posts/drafts",
    "GET /posts/tags",
    "GET /posts/{post_id}/comments",
}


def priorities(app: FastAPI) -> Iterator[tuple[str, Priority]]:
    """As the limit sees requests."""
    for context in iter_route_contexts(app.routes):
        path = (context.path_format or "").replace("{", "").replace("}", "")
        for method in context.methods or ():
            scope = {"method": method, "path": path}
            yield f"{method} {context.path_format}", app.state.admission.priority_of(scope)


def test_what_matters_most_and_least_in_all_services() -> None:
    """R-19: every such route, so that another one shows up in a review."""
    found = dict(entry for service in SERVICES for entry in priorities(app_of(service)))
    vital = {line for line, priority in found.items() if priority is Priority.VITAL}
    assert {line for line in vital if " /internal/" not in line} == VITAL
    assert {line for line in found if " /internal/" in line} <= vital
    assert {line for line, priority in found.items() if priority is Priority.LISTS} == PAGED


def test_by_default_there_is_a_request_for_each_connection() -> None:
    limits = {service: app_of(service).state.admission.limits for service in SERVICES}
    assert limits["posts"] == limits["users"] == {"lists": 22, "ordinary": 30, "vital": 60}
    assert app_of("auth", hash_slots=3).state.admission.limits["ordinary"] == 30 + 3 * 25
    assert app_of("posts", pool_size=40, max_overflow=5).state.admission.limits["ordinary"] == 65
    assert app_of("posts", pool_size=5, read_pool_size=5).state.admission.limits["ordinary"] == 30
    assert app_of("posts", requests_at_once=100).state.admission.limits["ordinary"] == 100
