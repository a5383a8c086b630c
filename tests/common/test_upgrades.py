"""A request that offers an upgrade is read like any other, with its body (RFC 9110, section 7.8)."""

import asyncio
import json
import shutil
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from starlette.types import Receive, Scope, Send

from common.serving.load_shedding import LoadShedder
from tests.common.serving import answer, connected, request, serving
from tests.waiting import GENEROUS, eventually

OFFER = (
    "Connection: Upgrade, HTTP2-Settings",
    "Upgrade: h2c",
    "HTTP2-Settings: AAEAAEAAAAIAAAABAAMAAABkAAQBAAAAAAUAAEAA",
)
LENGTH = request("/length", *OFFER, "Content-Length: 9", method="POST") + b'{"a": 17}'
CHUNKED = request("/chunks", *OFFER, "Transfer-Encoding: chunked", method="PUT") + b'9\r\n{"b": 18}\r\n0\r\n\r\n'
NO_BODY = request("/nothing", *OFFER)
PLAIN = request("/plain", "Content-Length: 9", method="POST") + b'{"c": 19}'
SENT = {
    "/length": ["POST", "/length", '{"a": 17}'],
    "/chunks": ["PUT", "/chunks", '{"b": 18}'],
    "/nothing": ["GET", "/nothing", ""],
    "/plain": ["POST", "/plain", '{"c": 19}'],
}


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer with the received headers and body; there must be no offer."""
    body, more = b"", True
    while more:
        message = await receive()
        body, more = body + message.get("body", b""), message.get("more_body", False)
    assert b"upgrade" not in dict(scope["headers"])
    said = json.dumps([scope["method"], scope["path"], body.decode()]).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(said))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": said})


@pytest.fixture(scope="module")
async def port() -> AsyncIterator[int]:
    async with serving(echo, LoadShedder((), 1000), lifespan="off") as port:
        yield port


@pytest.mark.parametrize("kind", [LENGTH, CHUNKED, NO_BODY], ids=["length", "chunks", "no body"])
async def test_a_request_that_offers_an_upgrade_keeps_its_body(port: int, kind: bytes) -> None:
    async with connected(port) as streams:
        streams[1].write(kind)
        status, headers, said = await answer(streams)
        assert (status, said) == (200, SENT[kind.split()[1].decode()])
        assert "upgrade" not in headers


async def test_a_request_behind_one_that_offers_an_upgrade_is_answered(port: int) -> None:
    """All in one packet, and more than once."""
    async with connected(port) as streams:
        streams[1].write(LENGTH + PLAIN + NO_BODY + CHUNKED + NO_BODY + PLAIN)
        found = [(await answer(streams))[2] for _ in range(6)]
    paths = ("/length", "/plain", "/nothing", "/chunks", "/nothing", "/plain")
    assert found == [SENT[path] for path in paths]


@pytest.mark.parametrize("size", [1, 7, 40])
async def test_an_offer_may_come_in_pieces(port: int, size: int) -> None:
    sent = LENGTH + CHUNKED + PLAIN
    async with connected(port) as streams:
        for start in range(0, len(sent), size):
            streams[1].write(sent[start : start + size])
            await streams[1].drain()
            await asyncio.sleep(0.0005)
        assert [(await answer(streams))[2] for _ in range(3)] == [
            SENT[path] for path in ("/length", "/chunks", "/plain")
        ]


@pytest.mark.parametrize(
    "framing",
    [("Transfer-Encoding: xchunked",), ("Transfer-Encoding: chunked", "Content-Length: 3"), ("Content-Length: +3",)],
)
async def test_an_offer_hides_no_bad_framing(port: int, framing: tuple[str, ...]) -> None:
    """S-43: a request that is refused without the offer is also refused with it."""
    async with connected(port) as streams:
        streams[1].write(request("/length", *OFFER, *framing, method="POST") + b"0\r\n\r\n" + PLAIN)
        assert (await answer(streams))[0] == 400
        assert await streams[0].read() == b""


async def test_headers_beside_an_offer_are_bounded(port: int) -> None:
    async with connected(port) as streams:
        streams[1].write(request("/nothing", *OFFER, *[f"X-{n}: y" for n in range(100)]))
        assert (await answer(streams))[0] == 431


async def test_nothing_begins_before_an_offer_is_read_to_its_end() -> None:
    begun: list[Any] = []

    async def note(scope: Scope, receive: Receive, send: Send) -> None:
        begun.append(scope["path"])
        await echo(scope, receive, send)

    async with serving(note, LoadShedder((), 1000), lifespan="off") as port, connected(port) as streams:
        streams[1].write(LENGTH[:-15])
        await asyncio.sleep(0.05)
        assert begun == []
        streams[1].write(LENGTH[-15:])
        await eventually(lambda: begun == ["/length"])
        assert (await answer(streams))[2] == SENT["/length"]


JAVA = """
import java.net.URI;
import java.net.http.*;

class Post {
    public static void main(String[] address) throws Exception {
        var http = HttpClient.newHttpClient(); // its default is HTTP/2, which it offers on plain http
        for (var path : new String[] {"/length", "/length"}) {
            var body = HttpRequest.BodyPublishers.ofString("{\\"a\\": 17}");
            var request = HttpRequest.newBuilder(URI.create(address[0] + path)).POST(body).build();
            System.out.println(http.send(request, HttpResponse.BodyHandlers.ofString()).body());
        }
    }
}
"""


async def by_socket(port: int, folder: Path) -> list[Any]:
    async with connected(port) as streams:
        streams[1].write(LENGTH * 2)
        return [(await answer(streams))[2] for _ in range(2)]


async def by_java(port: int, folder: Path) -> list[Any]:
    source = folder / "Post.java"
    source.write_text(JAVA)
    command = ["java", str(source), f"http://127.0.0.1:{port}"]
    ran = await asyncio.to_thread(
        subprocess.run, command, capture_output=True, text=True, check=False, timeout=GENEROUS
    )
    assert ran.returncode == 0, ran.stderr
    return [json.loads(line) for line in ran.stdout.splitlines()]


@pytest.mark.parametrize("post", [by_socket, *([by_java] if shutil.which("javac") else [])])
async def test_a_client_that_offers_an_upgrade_each_time_posts_its_bodies(
    port: int, tmp_path: Path, post: Callable[[int, Path], Awaitable[list[Any]]]
) -> None:
    """Java's own client too, where there is a JDK."""
    assert await post(port, tmp_path) == [SENT["/length"]] * 2
