"""The gateway's own behaviour, on real sockets, with an upstream that records its requests."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest

from tests.common.serving import answer, connected, request
from tests.deploy.test_site import gateway, gateway_process
from tests.waiting import GENEROUS, in_time, wait_until

PAGE = "http://app.example"
ORIGIN = f"Origin: {PAGE}"
OFFER = ("Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAEAAEAA")
CHUNKED = "Transfer-Encoding: chunked"
TEXT = json.dumps(["x" * 5000])
HEAD = f'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nETag: "v1"\r\nContent-Length: {len(TEXT)}\r\n\r\n'
TAGGED = (HEAD + TEXT).encode()
LIST = TAGGED.replace(b'ETag: "v1"', b'Link: </auth/list?cursor=2>; rel="next"')
TAGGED_LIST = TAGGED.replace(b"ETag", b'Link: </auth/tagged?cursor=2>; rel="next"\r\nETag')
ANSWERS = {"/auth/tagged-list": TAGGED_LIST, "/auth/tagged": TAGGED, "/auth/list": LIST}


@dataclass
class Upstream:
    """A service that records its requests. It closes the connection on `/auth/die`, and after an incomplete body."""

    heads: list[str] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
                self.heads.append(head)
                if "/auth/die" in head:
                    break
                self.bodies.append(await self.read_body(reader, head.lower()))
                writer.write(ANSWERS.get(head.split(" ")[1], b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"))
        except (asyncio.IncompleteReadError, ConnectionError):
            pass  # the gateway has hung up
        writer.close()

    @staticmethod
    async def read_body(reader: asyncio.StreamReader, head: str) -> bytes:
        if "transfer-encoding: chunked" in head:
            found = b""
            while size := int(await reader.readuntil(b"\r\n"), 16):
                found += (await reader.readexactly(size + 2))[:-2]
            await reader.readuntil(b"\r\n")
            return found
        length = int(head.partition("content-length: ")[2].partition("\r\n")[0] or 0)
        return await reader.readexactly(length)


@dataclass
class Gateway:
    port: int
    upstream: Upstream


@pytest.fixture(scope="module")
async def served(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Gateway]:
    """The upstream is auth; nobody listens at users' address."""
    upstream = Upstream()
    server = await asyncio.start_server(upstream.serve, "127.0.0.1", 0)
    auth = f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
    folder = tmp_path_factory.mktemp("gateway")
    origins = json.dumps([PAGE, "http://localhost:3000"])
    with gateway(folder, AUTH_UPSTREAM=auth, USERS_UPSTREAM="127.0.0.1:1", CORS_ORIGINS=origins) as client:
        yield Gateway(client.base_url.port or 0, upstream)
    server.close()


@pytest.fixture
def known(served: Gateway) -> Gateway:
    served.upstream.heads.clear()
    served.upstream.bodies.clear()
    return served


async def ask(known: Gateway, *parts: bytes) -> tuple[int, dict[str, str], object]:
    async with connected(known.port) as streams:
        streams[1].write(b"".join(parts))
        return await in_time(answer(streams))


@pytest.mark.parametrize("method", ["GET", "POST", "PUT"])
@pytest.mark.parametrize(
    "body",
    [b"zz\r\nabc\r\n0\r\n\r\n", b"3\r\nabc\r\nzz\r\n", b"3\r\nabcdef\r\n0\r\n\r\n", b"\r\nabc\r\n0\r\n\r\n",
     b"fffffffffffffffffff\r\nabc\r\n", b"3\r\nabc\r\n0\r\nno trailer\r\n\r\n", b"3\nabc\r\n0\r\n\r\n"],
)  # fmt: skip
async def test_a_broken_chunk_is_the_clients_fault_and_sent_on_once(known: Gateway, method: str, body: bytes) -> None:
    """The service gets it once, and the connection ends, since the start of the next request is unknown."""
    async with connected(known.port) as streams:
        streams[1].write(request("/auth/x", ORIGIN, CHUNKED, method=method) + body)
        status, headers, said = await answer(streams)
        assert (status, said["code"], headers["connection"]) == (400, "malformed-body", "close")
        assert headers["access-control-allow-origin"] == PAGE
        assert "retry-after" not in headers
        assert await in_time(streams[0].read()) == b""
    assert len(known.upstream.heads) == 1
    assert known.upstream.bodies == []


async def test_a_body_that_is_cut_short_is_the_clients_fault(known: Gateway) -> None:
    """A bare 499 if the gateway sees the end of the connection before that of the body."""
    async with connected(known.port) as streams:
        streams[1].write(request("/auth/x", "Content-Length: 10", method="POST") + b"abc")
        streams[1].write_eof()
        status, _, said = await answer(streams)
    assert (status, said and said["code"]) in {(400, "malformed-body"), (499, None)}
    assert len(known.upstream.heads) <= 1


@pytest.mark.parametrize(
    ("sent", "times"),
    [
        (request("/auth/die"), 6),
        (request("/auth/die", "Content-Length: 0", method="PUT"), 6),
        (request("/auth/die", "Content-Length: 2", method="PUT") + b"hi", 1),
        (request("/auth/die", CHUNKED, method="PUT") + b"2\r\nhi\r\n0\r\n\r\n", 1),
        (request("/auth/die", "Content-Length: 2") + b"hi", 1),
        (request("/auth/die", "Content-Length: 0", method="POST"), 1),
    ],
    ids=["GET", "PUT", "PUT with a body", "PUT with chunks", "GET with a body", "POST"],
)
async def test_only_what_has_no_body_and_may_arrive_twice_is_sent_again(
    known: Gateway, sent: bytes, times: int
) -> None:
    """R-21 needs the first two: a replica that stops during them."""
    assert (await ask(known, sent))[0] == 502
    assert len(known.upstream.heads) == times


async def test_an_offer_to_upgrade_is_not_passed_on(known: Gateway) -> None:
    status, _, _ = await ask(known, request("/auth/x", *OFFER, "Content-Length: 3", method="POST") + b"abc")
    assert (status, known.upstream.bodies) == (200, [b"abc"])
    (head,) = known.upstream.heads
    assert "upgrade" not in head.lower()


MISSING = request("/nowhere", ORIGIN)
AWAY = request("/users/7", ORIGIN, "Content-Length: 0", method="POST")


@pytest.mark.parametrize(("sent", "status"), [(MISSING, 404), (AWAY, 502)])
async def test_a_page_of_an_allowed_origin_sees_the_status_of_the_gateways_own_answers(
    known: Gateway, sent: bytes, status: int
) -> None:
    """S-41"""
    found, headers, _ = await ask(known, sent)
    assert (found, headers["access-control-allow-origin"]) == (status, PAGE)
    assert headers["vary"] == "Origin"
    assert headers["access-control-expose-headers"] == "Retry-After"


@pytest.mark.parametrize("origin", ["http://evil.example", "null", f"{PAGE}.evil.example", "http://APP.example", "*"])
async def test_a_page_of_another_origin_sees_nothing(known: Gateway, origin: str) -> None:
    """S-41: the answer is the same for caches, and browsers hide it from the page."""
    found, headers, _ = await ask(known, request("/nowhere", f"Origin: {origin}"))
    assert (found, headers["vary"]) == (404, "Origin")
    assert not [name for name in headers if name.startswith("access-control")]
    assert "access-control-allow-origin" not in (await ask(known, request("/nowhere")))[1]


PREFLIGHT = ("Access-Control-Request-Method: PUT", "Access-Control-Request-Headers: authorization, if-match")


@pytest.mark.parametrize("path", ["/users/7", "/nowhere"])
async def test_a_page_may_ask_also_where_nobody_answers(known: Gateway, path: str) -> None:
    """Otherwise its browser would not send the request at all."""
    async with connected(known.port) as streams:
        streams[1].write(request(path, ORIGIN, *PREFLIGHT, method="OPTIONS"))
        head = (await in_time(streams[0].readuntil(b"\r\n\r\n"))).decode()
    assert head.startswith("HTTP/1.1 204")
    assert f"Access-Control-Allow-Origin: {PAGE}\r\n" in head
    assert "Access-Control-Allow-Headers: authorization, if-match\r\n" in head
    assert "PUT" in head
    status, headers, _ = await ask(known, request(path, "Origin: http://evil.example", *PREFLIGHT, method="OPTIONS"))
    assert status in {404, 502}
    assert "access-control-allow-headers" not in headers


async def test_a_services_answer_says_only_once_to_whom_it_is_shown(known: Gateway) -> None:
    """Browsers refuse two such headers."""
    _, headers, _ = await ask(known, request("/auth/x", ORIGIN))
    assert "access-control-allow-origin" not in headers


@pytest.mark.parametrize("path", ["/healthz", "/", "/docs", "/openapi.json"])
async def test_the_gateways_own_pages_answer_head(known: Gateway, path: str) -> None:
    async with connected(known.port) as streams:
        streams[1].write(request(path, method="HEAD") + request("/healthz"))
        head = await in_time(streams[0].readuntil(b"\r\n\r\n"))
        assert head.startswith(b"HTTP/1.1 200")
        assert (await answer(streams))[2] == {"status": "ok"}, "a body has followed"


@pytest.mark.parametrize("proxies", ["", "192.0.2.0/24 2001:db8::/32"])
async def test_what_a_client_says_of_itself_is_dropped(tmp_path: Path, known: Gateway, proxies: str) -> None:
    """S-13: only named proxies are trusted."""
    spoofed = ("X-Forwarded-For: 6.6.6.6", "X-Real-IP: 6.6.6.6", "Forwarded: for=6.6.6.6", "X-Deadline-Ms: 1")
    server = await asyncio.start_server(known.upstream.serve, "127.0.0.1", 0)
    auth = f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
    with gateway(tmp_path, AUTH_UPSTREAM=auth, EDGE_PROXIES=proxies) as client:
        direct = Gateway(client.base_url.port or 0, known.upstream)
        assert (await ask(direct, request("/auth/x", *spoofed)))[0] == 200
    server.close()
    (head,) = known.upstream.heads
    assert "X-Forwarded-For: 127.0.0.1\r\n" in head
    assert "6.6.6.6" not in head
    assert "Deadline" not in head


@pytest.mark.parametrize("path", ["/auth/tagged", "/auth/tagged-list"])
async def test_an_answer_with_an_etag_is_never_compressed(known: Gateway, path: str) -> None:
    """Caddy's `encode` would rename the ETag, and every change under If-Match would be refused."""
    asked = request(path, "Accept-Encoding: gzip, br, zstd")
    status, headers, said = await ask(known, asked)
    assert (status, headers["etag"], said) == (200, '"v1"', ["x" * 5000])
    assert "content-encoding" not in headers


async def test_a_long_list_is_compressed_for_those_who_take_that(served: Gateway) -> None:
    async with httpx.AsyncClient(
        base_url=f"http://127.0.0.1:{served.port}", trust_env=False, timeout=GENEROUS
    ) as client:
        for accepted, encoding in {"gzip": "gzip", "identity": None}.items():
            answer = await client.get("/auth/list", headers={"Accept-Encoding": accepted})
            assert (answer.json(), answer.headers.get("content-encoding")) == (["x" * 5000], encoding)
            assert answer.headers["link"] == '</auth/list?cursor=2>; rel="next"'


def test_a_gateway_that_ends_asks_its_clients_to_connect_anew(tmp_path: Path) -> None:
    """Else the end of a connection may cross a request, which then fails in a rolling update."""
    with gateway_process(tmp_path, SHUTDOWN_DELAY="5m") as (client, running):
        assert "connection" not in client.get("/healthz").headers
        running.terminate()
        wait_until(lambda: client.get("/healthz").headers.get("connection") == "close")
        assert client.get("/nothing-here").headers["connection"] == "close"
