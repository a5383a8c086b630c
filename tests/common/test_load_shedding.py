"""Load shedding on real sockets: the choice of refused requests, and their answers (R-17 to R-19)."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from importlib import import_module

import pytest
from fastapi import FastAPI
from fastapi.routing import iter_route_contexts

from common.http.middleware import SECURITY_HEADERS
from common.http.routing import Priority
from common.serving.collectors import requests
from common.serving.http_limits import MOST_PIPELINED
from deploy.services import DATABASES, SERVICES
from tests.common.busy import LISTS, MOST, Busy, served
from tests.common.conftest import FakeClock
from tests.common.serving import answer, ask, closed, connected, request
from tests.common.test_routes import app_of
from tests.conftest import Log
from tests.waiting import eventually, in_time

PAGE = "https://app.example.com"


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


async def test_who_waits_in_a_queue_of_the_service_takes_nobodys_place(busy: Busy) -> None:
    """R-17: the queue has a bound of its own."""
    queue: set[int] = set()
    busy.limit.queued = queue
    await busy.have_under_way(MOST)
    assert await busy.status(request("/things/1")) == 503
    queue |= {1, 2, 3}
    assert busy.limit.under_way == MOST - 3
    await busy.have_under_way(2)
    assert await busy.status(request("/things/1")) == 200
    queue.pop()
    assert await busy.status(request("/things/1")) == 503


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
    busy.limit.limits[Priority.ORDINARY] = 2 * MOST  # so that enough of them wait
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
    await eventually(lambda: len(busy.limit.tasks) == MOST)
    for streams in late:
        assert (await answer(streams))[0] == 504
    for place in (2, 3, 4):  # the clients disconnect: two during an answer, one before it
        busy.streams[place][1].transport.abort()
    busy.go_on.set()
    for streams in busy.streams[:2]:
        assert (await answer(streams))[0] == 500
    assert (await answer(busy.streams[5]))[0] == 200
    await eventually(lambda: not busy.limit.tasks)
    assert busy.limit.under_way == 0


async def test_nothing_is_read_of_what_is_refused_and_the_next_request_is_understood(busy: Busy) -> None:
    """R-17: the answer is sent before the body has arrived; the body may still arrive."""
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
        head = await in_time(streams[0].readuntil(b"\r\n\r\n"))
        assert head.startswith(b"HTTP/1.1 503")
        assert (await answer(streams))[0] == 503  # there was no body between them


async def test_many_requests_in_one_go_are_refused_one_after_the_other(busy: Busy) -> None:
    await busy.have_under_way(MOST)
    async with connected(busy.port) as streams:
        streams[1].write(request("/things/1") * 2_000)
        for _ in range(2_000):
            assert (await answer(streams))[0] == 503
    busy.streams[0][1].write(request("/things/1") * MOST_PIPELINED)  # pipelined behind a running one
    await asyncio.sleep(0.05)
    busy.limit.limits[Priority.ORDINARY] = busy.limit.open_to_all = 0
    busy.go_on.set()
    assert (await answer(busy.streams[0]))[0] == 200
    assert (await answer(busy.streams[0]))[0] == 503
    assert await closed(busy.streams[0])


async def test_while_it_drains_refusals_end_the_connection_as_well() -> None:
    """R-21"""
    async with served(headers=[("connection", "close")]) as busy:
        await busy.have_under_way(MOST)
        async with connected(busy.port) as streams:
            streams[1].write(request("/things/1"))
            status, headers, _ = await answer(streams)
            assert (status, headers["connection"]) == (503, "close")
            assert await closed(streams)


async def test_our_pages_see_that_they_shall_come_back() -> None:
    async with served(origins=[PAGE]) as busy:
        await busy.have_under_way(MOST)
        _, headers, _ = await ask(busy.port, request("/things/1", f"Origin: {PAGE}"))
        assert headers["access-control-allow-origin"] == PAGE
        assert "Retry-After" in headers["access-control-expose-headers"].split(", ")
        _, headers, _ = await ask(busy.port, request("/things/1", "Origin: https://elsewhere.example.com"))
        assert "access-control-allow-origin" not in headers


async def test_refusals_are_counted_and_told_now_and_then(log: Log, clock: FakeClock) -> None:
    """R-30"""
    async with served() as busy:
        busy.limit._now = clock
        await busy.have_under_way(MOST)
        for _ in range(3):
            await busy.status(request("/things/1"))
        clock.now += 1.1
        await busy.status(request("/things/1"))
        found = [line["refused"] for line in log() if line["event"] == "overloaded: requests refused"]
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
    "POST /auth/sign-in",
    "GET /auth/sign-in",
    "POST /auth/sign-in/mail-code",
    "POST /auth/sign-in/mail-code/confirm",
    "POST /auth/sign-in/second-factor",
    "POST /auth/sign-in/step-up",
    "POST /auth/accounts/{account_id}/second-factor/reset",
    "POST /auth/sign-in/passkey",
    "POST /auth/sign-in/provider",
    "POST /auth/sign-in/passkey/options",
    "POST /auth/revoke",
    "GET /.well-known/jwks.json",
    "GET /.well-known/oauth-authorization-server",
    "GET /.well-known/passkey-endpoints",
    "GET /.well-known/webauthn",
    "GET /auth/accounts",
    "GET /auth/accounts/{account_id}",
    "PATCH /auth/accounts/{account_id}",
    "DELETE /auth/accounts/{account_id}/sessions",
    "GET /auth/accounts/{account_id}/sessions",
    "GET /auth/accounts/{account_id}/sign-in-methods",
    "POST /auth/accounts/{account_id}/sign-out",
    "POST /auth/accounts/{account_id}/deletion",
    "GET /auth/audit",
    *(f"GET /{service}/admin/parked-events" for service in DATABASES),
    *(f"POST /{service}/admin/parked-events/{act}" for service in DATABASES for act in ("replay", "drop")),
    "GET /posts/moderation/cases",  # only with posts
    "GET /posts/moderation/cases/{case_id}/reports",  # only with posts
    "POST /posts/moderation/cases/{case_id}/dismiss",  # only with posts
    "POST /posts/moderation/cases/{case_id}/remove",  # only with posts
    "GET /posts/moderation/removed",  # only with posts
}
"""Beside `/internal/`."""
PAGED = [line for service in SERVICES for line in import_module(f"tests.{service}.paged").PAGED]


def priorities(app: FastAPI) -> Iterator[tuple[str, Priority]]:
    """The path and priority of every route."""
    for context in iter_route_contexts(app.routes):
        path = (context.path_format or "").replace("{", "").replace("}", "")
        for method in context.methods or ():
            scope = {"method": method, "path": path}
            yield f"{method} {context.path_format}", app.state.load_shedder.priority_of(scope)


def test_what_matters_most_and_least_in_all_services() -> None:
    """R-19: the complete list, so that an addition is visible in review."""
    found = dict(entry for service in SERVICES for entry in priorities(app_of(service)))
    vital = {line for line, priority in found.items() if priority is Priority.VITAL}
    assert {line for line in vital if " /internal/" not in line} == VITAL
    assert {line for line in found if " /internal/" in line} <= vital
    assert {line for line, priority in found.items() if priority is Priority.LISTS} == {*PAGED}


def test_by_default_there_are_two_requests_for_each_connection() -> None:
    limits = {service: app_of(service).state.load_shedder.limits for service in SERVICES}
    assert limits["users"] == {"lists": 45, "ordinary": 60, "vital": 120}
    assert limits["posts"] == limits["users"]  # only with posts
    assert app_of("auth", hash_slots=3).state.load_shedder.limits == limits["users"]
    assert app_of("users", pool_size=40, max_overflow=5).state.load_shedder.limits["ordinary"] == 130
    assert app_of("users", pool_size=5, read_pool_size=5).state.load_shedder.limits["ordinary"] == 20
    assert app_of("users", requests_at_once=100).state.load_shedder.limits["ordinary"] == 100
