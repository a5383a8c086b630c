"""Heads that are too large or too slow, against a real server on a real socket (S-33, R-29)."""

import asyncio
import json
from collections.abc import AsyncIterator

import pytest
from starlette.types import Message, Receive, Scope, Send

from common.http.middleware import SECURITY_HEADERS
from common.serving import http_limits
from common.serving.load_shedding import LoadShedder
from tests.common.serving import answer, closed, connected, request, serving
from tests.waiting import eventually, in_time


async def hello(scope: Scope, receive: Receive, send: Send) -> None:
    while (await receive()).get("more_body"):
        pass
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"hi"})


async def nothing() -> Message:
    return {"type": "http.request"}


@pytest.fixture(scope="module")
async def port() -> AsyncIterator[int]:
    async with serving(hello, LoadShedder((), 1000), lifespan="off", timeout_keep_alive=1) as port:
        yield port


async def send(port: int, *parts: bytes, pause: float = 0.0) -> bytes:
    """All answers until the server closes, or answers 200."""
    async with connected(port) as (reader, writer):
        for part in parts:
            writer.write(part)
            await asyncio.sleep(pause)
        found = b""
        while not found.endswith(b"hi") and (more := await in_time(reader.read(4096))):
            found += more
        return found


def status(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1])


def problem(answer: bytes) -> tuple[int, str]:
    """Status and code; checks the headers of every answer (S-42)."""
    head, _, body = answer.partition(b"\r\n\r\n")
    assert all(b": ".join(header) in head for header in SECURITY_HEADERS)
    assert b"server:" not in head.lower()
    assert b"content-type: application/problem+json" in head
    assert b"connection: close" in head
    found = json.loads(body)
    assert found["status"] == status(answer)
    return found["status"], found["code"]


async def test_what_fits_is_served(port: int) -> None:
    assert status(await send(port, request("/" + "a" * 8000))) == 200
    assert status(await send(port, request("/", *[f"X-{n}: y" for n in range(99)]))) == 200
    assert status(await send(port, request("/", "X: " + "y" * 16_000))) == 200


@pytest.mark.parametrize(
    ("head", "refusal"),
    [
        (request("/" + "a" * 8192), (414, "url-too-long")),
        (request("/?" + "a" * 100_000), (414, "url-too-long")),
        (request("/", *[f"X-{n}: y" for n in range(100)]), (431, "headers-too-large")),
        (request("/", "X: " + "y" * 16_384), (431, "headers-too-large")),
        (request("/", *[f"X-{n}: {'y' * 1000}" for n in range(20)]), (431, "headers-too-large")),
        (b"GET / HTTP/1.1\r\nHost : x\r\n\r\n", (400, "malformed-request")),
        (b"\x16\x03\x01\x02\x00", (400, "malformed-request")),
    ],
    ids=["url", "query", "lines", "one header", "headers", "space before colon", "TLS"],
)
async def test_what_does_not_fit_is_refused_and_the_connection_closed(
    port: int, head: bytes, refusal: tuple[int, str]
) -> None:
    assert problem(await send(port, head)) == refusal


async def test_a_page_is_shown_why_its_headers_are_refused() -> None:
    """S-41: for allowed origins; otherwise a browser reports only a network error."""
    long = "X: " + "y" * 16_384
    async with serving(hello, LoadShedder((), 1000), ["http://app.example"], lifespan="off") as port:
        shown = await send(port, request("/", "Origin: http://app.example", long))
        hidden = await send(port, request("/", "Origin: http://evil.example", long))
    assert problem(shown) == problem(hidden) == (431, "headers-too-large")
    assert b"access-control-allow-origin: http://app.example\r\n" in shown
    assert b"access-control" not in hidden
    assert b"vary: Origin\r\n" in shown
    assert b"vary: Origin\r\n" in hidden


@pytest.mark.parametrize(
    "rest",
    [
        b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n",
        b"Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd",
        b"Content-Length: +3\r\n\r\nabc",
        b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
        b"Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
        b"Transfer-Encoding: chunked\r\n\r\nzz\r\nabc\r\n0\r\n\r\n",
        b"Transfer-Encoding: chunked\r\n\r\n3\r\nabcdef\r\n0\r\n\r\n",
        b"X: a\r\n b\r\nContent-Length: 0\r\n\r\n",
    ],
)
async def test_a_body_whose_end_two_readers_could_see_elsewhere_is_refused(port: int, rest: bytes) -> None:
    """S-43: a request that could smuggle a second one past the gateway ends the connection, and so the second one."""
    smuggled = b"POST / HTTP/1.1\r\nHost: x\r\n" + rest + request()
    assert problem(await send(port, smuggled)) == (400, "malformed-request")


async def test_a_header_without_an_end_is_refused_long_before_it_fills_the_memory(port: int) -> None:
    answer = await send(port, b"GET / HTTP/1.1\r\nX: ", *[b"y" * 4096] * 8, pause=0.01)
    assert problem(answer) == (431, "headers-too-large")


CHUNKED = b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"


@pytest.mark.parametrize("begun", [b"0\r\nX: ", b"3\r\nabc\r\n0\r\nX: ", b"3;x="])
async def test_a_trailer_without_an_end_is_cut_off_long_before_it_fills_the_memory(port: int, begun: bytes) -> None:
    """The request has begun by then, so there is no answer."""
    async with connected(port) as streams:
        streams[1].write(CHUNKED + begun)
        for _ in range(8):
            streams[1].write(b"y" * 4096)
            await asyncio.sleep(0.01)
        assert await closed(streams)


async def test_what_comes_behind_a_body_is_no_header() -> None:
    """S-13: the gateway has not normalised it."""
    seen: list[list[tuple[bytes, bytes]]] = []

    async def note(scope: Scope, receive: Receive, send: Send) -> None:
        while (await receive()).get("more_body"):
            pass
        seen.append(scope["headers"])
        await hello(scope, nothing, send)

    async with serving(note, LoadShedder((), 1000), lifespan="off") as port:
        body = b"3\r\nabc\r\n0\r\nX-Forwarded-For: 6.6.6.6\r\n\r\n"
        assert status(await send(port, CHUNKED + body)) == 200
    assert seen == [[(b"host", b"x"), (b"transfer-encoding", b"chunked")]]


async def test_requests_ahead_of_their_answers_are_few() -> None:
    """Each waits with its data in memory, before any limit of running requests counts it."""
    begun: list[str] = []
    go_on = asyncio.Event()

    async def wait(scope: Scope, receive: Receive, send: Send) -> None:
        begun.append(scope["path"])
        await go_on.wait()
        await hello(scope, receive, send)

    async with serving(wait, LoadShedder((), 1000), lifespan="off") as port:
        async with connected(port) as streams:
            streams[1].write(request() * 17)
            await eventually(lambda: begun == ["/"])
            go_on.set()
            for _ in range(17):
                assert (await answer(streams))[0] == 200
        go_on.clear()
        begun.clear()
        async with connected(port) as streams:
            streams[1].write(request())
            await eventually(lambda: begun == ["/"])
            streams[1].write(request() * 1000)
            assert await closed(streams)
        assert problem(await send(port, request() * 18)) == (400, "malformed-request")
        assert begun == ["/"]


async def test_heads_in_pieces_and_several_on_one_connection_are_fine(port: int) -> None:
    async with connected(port) as (reader, writer):
        for _ in range(3):
            for piece in (b"POST / HTTP/1.1\r\n", b"Host: x\r\nContent-Le", b"ngth: 3\r\n\r\na", b"bc"):
                writer.write(piece)
                await asyncio.sleep(0.01)
            assert (await in_time(reader.readuntil(b"hi"))).startswith(b"HTTP/1.1 200")


async def test_a_slow_head_is_cut_off(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """R-29: and, after the idle time, a connection without data."""
    monkeypatch.setattr(http_limits, "HEAD_TIMEOUT", 0.2)
    late = await send(port, b"GET / HTT", b"P/1.1\r\nX", b": y\r\n", pause=0.05)
    assert problem(late) == (408, "request-timeout")
    assert await send(port) == b""


async def test_an_idle_connection_is_kept_between_requests(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_limits, "HEAD_TIMEOUT", 0.1)
    async with connected(port) as (reader, writer):
        for _ in range(2):
            writer.write(request())
            await in_time(reader.readuntil(b"hi"))
            await asyncio.sleep(0.3)
        writer.write(b"GET / ")  # and the timer restarts at the first byte of the next head
        assert problem(await in_time(reader.read())) == (408, "request-timeout")


async def test_what_is_refused_with_400_was_not_begun() -> None:
    """R-12: a refusal means that nothing was done. Stray bytes after a request prove that its length was wrong."""
    begun: list[str] = []
    go_on = asyncio.Event()

    async def counting(scope: Scope, receive: Receive, send: Send) -> None:
        begun.append(scope["path"])
        await go_on.wait()
        await hello(scope, receive, send)

    async with serving(counting, LoadShedder((), 1000), lifespan="off") as port:
        assert problem(await send(port, request("/never", method="PUT") + b"stray\r\n")) == (400, "malformed-request")
        async with connected(port) as (reader, writer):
            writer.write(request("/once", method="PUT"))
            await eventually(lambda: begun == ["/once"])
            writer.write(b"stray\r\n")  # a processed request cannot be refused, so there is no answer
            assert await in_time(reader.read()) == b""
        go_on.set()
        assert status(await send(port, request("/next"))) == 200
    assert begun == ["/once", "/next"]
