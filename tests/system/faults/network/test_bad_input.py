"""The stack refuses malformed input at once, without effect on people who use it (R-28)."""

import asyncio
import itertools
import random
import time
from urllib.parse import urlsplit

import pytest

from deploy.services import STARTED
from tests.system.conftest import Person
from tests.system.faults.network.conftest import SECONDS, SEED, LinkedStack
from tests.system.faults.report import Report
from tests.system.load import Load

RATE = 50.0
LONGEST = 2.0
BUSY = 0.5
SILENT = 0.1
"""The share of inputs whose only answer may be a closed connection: no HTTP at all, or too large to read."""
JSON = "Content-Type: application/json"
FORM = "Content-Type: application/x-www-form-urlencoded"
POST = b'{"title": "t", "body": "b"}'
HOSTILE_JSON = (
    b"", b"{", b"null", b"[]", b"[" * 5000, b'{"a":' * 5000, b'"\xff\xfe"', b"\x00",
    b'{"title": "\\u0000", "body": "b"}',
    b'{"title": "\\ud800", "body": "b"}', b'{"title": 1e999, "body": NaN}', b'{"title": ' + b"9" * 5000 + b"}",
    b'{"title": "t", "title": "t", "body": "b"}', POST[:-1] + b', "admin": true}', b'{"title": ["t"], "body": {}}',
    b'{"title": "' + b"t" * 70_000 + b'", "body": "b"}', b" " * 2_000_000,
)  # fmt: skip
PATHS = (
    "/posts/0", "/posts/-1", "/posts/99999999999999999999", "/posts/1e3", "/posts/%00", "/posts/%ff", "/posts/..%2f..",
    "/posts?limit=0", "/posts?limit=x", "/posts?cursor=%00", "/posts?cursor=AAAA",
    "/posts?q=%00", "/posts?q=%22%22%27--",
    "/posts?q=" + "a" * 3000, "/posts?tag=%F0%9F%92%A9", "/users?ids=1,,2", "/users?ids=" + "1," * 300, "/users/x",
    "/users?q=%25%25%25_", "/posts?author_id=NaN", "/posts?sort=drop", "/auth/sessions/1", "/nowhere",
    "//", "/%2e%2e/",
)  # fmt: skip
RAW = (
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03", b"GET\r\n\r\n", b"GET / HTTP/9.9\r\nHost: a\r\n\r\n", b"\r\n" * 100,
    b"GET /posts HTTP/1.1\r\n\r\n", b"GET /posts HTTP/1.1\r\nHost: a\r\nX: " + b"a" * 100_000 + b"\r\n\r\n",
    b"POST /posts HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    b"POST /posts HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzzz\r\n", b"\x00" * 1000,
    b"POST /posts HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
)  # fmt: skip


def requests(person: Person, host: str) -> list[bytes]:
    """Raw bytes, since no client would send them."""
    token = f"Authorization: {person.headers['Authorization']}"
    bad_tokens = ("Authorization: Bearer " + "a" * 9000, "Authorization: Bearer x.y.z", "Authorization: Basic ====")
    made = list(RAW)
    for body, path in itertools.product(HOSTILE_JSON, ("/posts", "/auth/register", "/internal/events")):
        made.append(request("POST", path, host, body, JSON, token))
    for path, method in itertools.product(PATHS, ("GET", "DELETE", "PATCH", "PUT")):
        made.append(request(method, path, host, b"" if method in ("GET", "DELETE") else b"{}", JSON, token))
    forms = (b"", b"grant_type=password&username=%00&password=%ff", b"a=" * 5000, b"username=" + b"a" * 20_000)
    made += [request("POST", "/auth/token", host, body, FORM) for body in forms]
    lines = (*bad_tokens, "Idempotency-Key: \xff", "If-Match: ,,,", "X-Deadline-Ms: soon", "Accept-Encoding: \x01")
    return made + [request("POST", "/posts", host, POST, JSON, line) for line in lines]


def request(method: str, path: str, host: str, body: bytes, *lines: str) -> bytes:
    head = "\r\n".join((f"{method} {path} HTTP/1.1", f"Host: {host}", *lines, f"Content-Length: {len(body)}"))
    return head.encode("latin-1") + b"\r\nConnection: close\r\n\r\n" + body


def is_no_http(beginning: bytes) -> bool:
    """Caddy answers some of these with 505."""
    return any(raw.startswith(beginning) for raw in RAW)


async def throw(url: str, content: bytes) -> tuple[int, float]:
    """The answer's status, or 0 if the connection was closed without one, and the duration."""
    address = urlsplit(url)
    started = time.monotonic()
    try:
        async with asyncio.timeout(4 * LONGEST):
            reader, writer = await asyncio.open_connection(address.hostname, address.port)
            try:
                writer.write(content)
                writer.write_eof()
                words = (await reader.readline()).split()
            finally:
                writer.close()
        status = int(words[1]) if words[1:2] and words[1].isdigit() else 0
    except OSError:  # refused and closed while it was still being sent
        status = 0
    return status, time.monotonic() - started


@pytest.mark.faults
async def test_bad_input_is_refused_at_once_and_nobody_else_notices(
    linked: LinkedStack, people: list[Person], report: Report
) -> None:
    ada, grace, alan, edsger, eve = people
    host = urlsplit(linked.stack.url).netloc
    places = [linked.stack.url, *map(linked.address, STARTED)]
    thrown = [(place, content) for place in places for content in requests(eve, host)]
    random.Random(SEED).shuffle(thrown)
    answers: list[tuple[int, float, str, bytes]] = []

    async def one(place: str, content: bytes) -> None:
        answers.append((*await throw(place, content), place, content[:80]))

    quiet, loaded = Load(linked.stack.url, 1.0), Load(linked.stack.url, 1.0)
    async with quiet.on([ada, grace]):
        await asyncio.sleep(max(2.0, SECONDS / 5))
    refused = await linked.shows("posts", "http_requests_total", status="422")
    began, under_way = time.monotonic(), []
    async with loaded.on([alan, edsger]):
        for number, (place, content) in enumerate(thrown[: int(SECONDS / 2 * RATE)]):
            await asyncio.sleep(max(0.0, began + number / RATE - time.monotonic()))
            under_way.append(asyncio.create_task(one(place, content)))
        await asyncio.gather(*under_way)
    assert await linked.shows("posts", "http_requests_total", status="422") > refused
    foreign = [answer for answer in answers if answer[2] == linked.stack.url and is_no_http(answer[3])]
    assert [answer for answer in answers if answer[0] >= 500 and not (answer in foreign and answer[0] == 505)] == []
    silent = sum(answer[0] == 0 for answer in answers) / len(answers)
    assert silent <= SILENT, f"{silent:.0%} were not answered"
    assert [answer for answer in answers if answer[1] > LONGEST + BUSY] == []
    assert quiet.failed + loaded.failed == []
    before, meanwhile = quiet.figures()["p99_ms"], loaded.figures()["p99_ms"]
    assert meanwhile <= 2 * before + BUSY * 1000
    longest = max(answer[1] for answer in answers)
    verdict = f"no 5xx, {silent:.0%} unanswered, none after {longest:.1f} s; p99 {before} to {meanwhile} ms"
    fault = "hostile requests beside the load"
    report.fault(row="R-28", fault=fault, times=len(answers), seen_by="`http_requests_total`", verdict=verdict)
