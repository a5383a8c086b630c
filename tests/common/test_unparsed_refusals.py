"""Plain requests are refused without parsing under overload (R-17): the parser must see the same request."""

import asyncio
from collections.abc import Iterator

import httptools
import pytest
from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

from common.serving.http_limits import BoundedHttp
from common.serving.load_shedding import MAX_PLAIN, plain_request
from tests.common.busy import MOST, served
from tests.common.serving import connected, request
from tests.waiting import in_time

SAMPLE = request("/posts/7?limit=20&after=x", "Accept-Encoding: gzip", "X-Forwarded-For: 10.0.0.1")
INSERTED = (b"\n", b"\r", b" ", b"\t", b":", b"\0", b"%", b"#", b"?", b"/", b"\xe9", b"a", b"\r\n", b"\r\n\r\n")


class Parsed:
    """What uvicorn's parser makes of bytes."""

    def __init__(self, data: bytes) -> None:
        self.begun = self.complete = 0
        self.url = b""
        self.parser = httptools.HttpRequestParser(self)
        self.parser.feed_data(data)

    def on_message_begin(self) -> None:
        self.begun += 1

    def on_url(self, url: bytes) -> None:
        self.url += url

    def on_message_complete(self) -> None:
        self.complete += 1


def mutations() -> Iterator[bytes]:
    """The sample with one byte less, or a few more, at each place."""
    for place in range(len(SAMPLE)):
        yield SAMPLE[:place] + SAMPLE[place + 1 :]
        for more in INSERTED:
            yield SAMPLE[:place] + more + SAMPLE[place:]
            yield SAMPLE[:place] + more + SAMPLE[place + 1 :]


def test_what_is_plain_is_one_whole_request_for_the_parser() -> None:
    """S-43: else the next request on the connection would start elsewhere for the two."""
    plain = [data for data in mutations() if plain_request(data)]
    assert len(plain) > 500
    for data in plain:
        parsed = Parsed(data)
        assert (parsed.begun, parsed.complete) == (1, 1), data
        assert parsed.parser.should_keep_alive(), data
        scope = plain_request(data)
        assert scope is not None
        assert parsed.parser.get_method().decode() == scope["method"], data
        assert (httptools.parse_url(parsed.url).path or b"").decode() == scope["path"], data


@pytest.mark.parametrize(
    "data",
    [
        SAMPLE[:-1],
        SAMPLE + b"G",
        SAMPLE * 2,
        request("/words", method="POST"),
        request("/things/1", version="1.0"),
        request("http://x/things/1"),
        request("/things/%31"),
        request("/things/1", "Connection: close"),
        request("/things/1", "connection: Upgrade", "Upgrade: h2c"),
        request("/things/1", "Content-Length: 5"),
        request("/things/1", "TRANSFER-ENCODING: chunked"),
        request("/things/1", "Expect: 100-continue"),
        request("/things/1", "Origin: https://app.example.com"),
        request("/things/1", "Folded: a\r\n b"),
        request("/things/1", f"Long: {'a' * MAX_PLAIN}"),
    ],
)
def test_all_others_are_parsed(data: bytes) -> None:
    assert plain_request(SAMPLE) == {"method": "GET", "path": "/posts/7"}
    assert plain_request(data) is None


@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_both_ways_to_refuse_send_the_same_bytes(method: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """R-17, and the connection goes on."""
    parsed, shed = [], BoundedHttp.shed

    def seen(protocol: BoundedHttp, cycle: RequestResponseCycle) -> None:
        parsed.append(cycle)
        shed(protocol, cycle)

    monkeypatch.setattr(BoundedHttp, "shed", seen)
    async with served() as busy:
        await busy.have_under_way(MOST)
        head = request("/things/1", method=method)
        async with connected(busy.port) as (reader, writer):
            answers = []
            for pieces in ((head,), (head[:20], head[20:]), (head,)):
                for piece in pieces:
                    writer.write(piece)
                    await in_time(writer.drain())
                    await asyncio.sleep(0.05)  # so that the server reads them one by one
                received = await in_time(reader.readuntil(b"\r\n\r\n"))
                if method == "GET":
                    received += await in_time(reader.readuntil(b"}"))
                answers.append(received)
            assert answers[0].startswith(b"HTTP/1.1 503 ")
            assert answers[0] == answers[1] == answers[2]
        assert busy.limit.refused["ordinary"] == 3
        assert len(parsed) == 1


async def test_a_connection_whose_requests_are_refused_ends_when_it_is_idle() -> None:
    """R-29"""
    async with served(timeout_keep_alive=1) as busy:
        await busy.have_under_way(MOST)
        async with connected(busy.port) as (reader, writer):
            writer.write(request("/things/1"))
            assert (await in_time(reader.read())).startswith(b"HTTP/1.1 503 ")
