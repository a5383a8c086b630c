"""Calls to other services: answers are untrusted input (S-30). For faults see test_service_client_faults."""

import asyncio
from collections.abc import AsyncIterator, Callable

import httpx
import pytest
from pydantic import BaseModel, SecretStr

from common.calls.http_pool import http_pool
from common.calls.service_client import PeerUnavailable, ServiceClient
from common.tokens.replies import MAX_REPLY
from common.tokens.service_tokens import ServiceTokens
from tests.common.calls import call_settings

Answer = Callable[[httpx.Request], httpx.Response]


class Card(BaseModel):
    id: int
    name: str


class Peers(httpx.AsyncBaseTransport):
    """A stub of the network: auth issues tokens t1, t2, …; the peer has configured answers."""

    def __init__(self) -> None:
        self.token_calls: list[httpx.Request] = []
        self.calls: list[httpx.Request] = []
        self.answers: list[Answer] = []
        self.token_answer: Answer = lambda request: httpx.Response(
            200, json={"access_token": f"t{len(self.token_calls)}", "expires_in": 300, "token_type": "bearer"}
        )

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        await asyncio.sleep(0.002)
        if request.url.path == "/auth/token":
            await request.aread()
            self.token_calls.append(request)
            return self.token_answer(request)
        self.calls.append(request)
        return self.answers.pop(0)(request) if len(self.answers) > 1 else self.answers[0](request)


def says(status: int = 200, **json: object) -> Answer:
    return lambda request: httpx.Response(status, json=json)


def breaks(kind: type[httpx.TransportError] = httpx.ReadError) -> Answer:
    def answer(request: httpx.Request) -> httpx.Response:
        raise kind("broken")

    return answer


GOOD = says(id=7, name="Ada", unknown="ignored")


@pytest.fixture
def peers() -> Peers:
    return Peers()


@pytest.fixture
async def users(peers: Peers) -> AsyncIterator[ServiceClient]:
    settings = call_settings(call_deadline=0.5, retry_share=1)
    async with http_pool(settings, peers) as http:
        tokens = ServiceTokens(http, "http://auth.test", "svc:posts", SecretStr("a secret with : and %"))
        yield ServiceClient.to("users", "http://users.test", http=http, tokens=tokens, settings=settings)


async def test_an_answer_is_read_and_what_is_unknown_ignored(peers: Peers, users: ServiceClient) -> None:
    peers.answers = [GOOD]
    assert await users.get("/internal/card", Card, {"ids": "1,2"}) == Card(id=7, name="Ada")
    call = peers.calls[0]
    assert str(call.url) == "http://users.test/internal/card?ids=1%2C2"
    assert call.headers["authorization"] == "Bearer t1"
    assert 0 < int(call.headers["x-deadline-ms"]) <= 500
    assert "x-request-id" in call.headers


async def test_the_token_is_asked_for_by_name_secret_and_audience(peers: Peers, users: ServiceClient) -> None:
    peers.answers = [GOOD]
    await users.get("/card", Card)
    asked = peers.token_calls[0]
    expected = httpx.BasicAuth("svc%3Aposts", "a%20secret%20with%20%3A%20and%20%25")
    assert asked.headers["authorization"] == next(expected.auth_flow(asked)).headers["authorization"]
    assert asked.content == b"grant_type=client_credentials&audience=users"


async def test_a_404_is_none(peers: Peers, users: ServiceClient) -> None:
    peers.answers = [says(404, code="account-not-found")]
    assert await users.get("/card", Card) is None


BAD: dict[str, Answer] = {
    "500": says(500, id=7, name="Ada"),
    "503 of ours": lambda request: httpx.Response(503, json={}, headers={"Retry-After": "1"}),
    "403": says(403),
    "204": lambda request: httpx.Response(204),
    "201": says(201, id=7, name="Ada"),
    "HTML": lambda request: httpx.Response(200, html="<p>hello</p>"),
    "nothing": lambda request: httpx.Response(200),
    "null": lambda request: httpx.Response(200, json=None),
    "a list": lambda request: httpx.Response(200, json=[{"id": 7, "name": "Ada"}]),
    "wrong types": says(id="seven", name="Ada"),
    "a field missing": says(id=7),
    "not UTF-8": lambda request: httpx.Response(200, content=b'{"id":7,"name":"\xff"}'),
    "deeply nested": lambda request: httpx.Response(200, content=b"[" * 100_000),
    "too long": says(id=7, name="x" * MAX_REPLY),
    "a redirect": lambda request: httpx.Response(307, headers={"Location": "http://evil.test/"}),
    "a redirect with a body": lambda request: httpx.Response(
        302, json={"id": 7, "name": "Ada"}, headers={"Location": "http://evil.test/"}
    ),
    "a broken encoding": lambda request: httpx.Response(
        200, stream=httpx.ByteStream(b"x"), headers={"Content-Encoding": "gzip"}
    ),
}


@pytest.mark.parametrize("answer", BAD.values(), ids=list(BAD))
async def test_any_other_answer_is_unavailable(peers: Peers, users: ServiceClient, answer: Answer) -> None:
    """S-30"""
    peers.answers = [answer]
    with pytest.raises(PeerUnavailable):
        await users.get("/card", Card)
    assert len(peers.calls) == 1, "neither followed nor tried again"
    assert peers.calls[0].url.host == "users.test"


async def test_an_answer_without_end_is_cut_off(peers: Peers, users: ServiceClient) -> None:
    """S-30"""
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        while True:
            sent += 1
            yield b"x" * 65_536

    peers.answers = [lambda request: httpx.Response(200, content=endless())]
    with pytest.raises(PeerUnavailable):
        await users.get("/card", Card)
    assert sent <= MAX_REPLY // 65_536 + 2


@pytest.mark.parametrize("kind", [httpx.ReadError, httpx.ConnectError, httpx.RemoteProtocolError])
async def test_a_broken_connection_is_tried_once_more(
    peers: Peers, users: ServiceClient, kind: type[httpx.TransportError]
) -> None:
    peers.answers = [breaks(kind), GOOD]
    assert await users.get("/card", Card) == Card(id=7, name="Ada")
    assert len(peers.calls) == 2

    peers.calls.clear()
    peers.answers = [breaks(kind)]
    with pytest.raises(PeerUnavailable):
        await users.get("/card", Card)
    assert len(peers.calls) == 2


async def test_many_calls_at_once_share_one_token(peers: Peers, users: ServiceClient) -> None:
    peers.answers = [GOOD]
    await asyncio.gather(*(users.get("/card", Card) for _ in range(20)))
    assert (len(peers.calls), len(peers.token_calls)) == (20, 1)
    await asyncio.gather(users.tokens.token_for("users"), users.tokens.token_for("auth"))
    assert len(peers.token_calls) == 2, "one per audience"


NO_TOKEN: dict[str, Answer] = {
    "401": says(401, error="invalid_client"),
    "500": says(500),
    "HTML": lambda request: httpx.Response(200, html="<p>hello</p>"),
    "wrong types": says(access_token=7, expires_in=300),
    "too long": says(access_token="x" * 2 * MAX_REPLY, expires_in=300),
    "a line break": says(access_token="t1\r\nX-Evil: 1", expires_in=300),
    "not ASCII": says(access_token="tökén", expires_in=300),
    "empty": says(access_token="", expires_in=300),
    "a redirect": lambda request: httpx.Response(307, headers={"Location": "http://evil.test/auth/token"}),
    "broken": breaks(httpx.ConnectError),
}


@pytest.mark.parametrize("answer", NO_TOKEN.values(), ids=list(NO_TOKEN))
async def test_without_a_token_nothing_is_sent(peers: Peers, users: ServiceClient, answer: Answer) -> None:
    """S-30: auth's answers are input too."""
    peers.token_answer, peers.answers = answer, [GOOD]
    with pytest.raises(PeerUnavailable):
        await users.get("/card", Card)
    assert peers.calls == []
    assert all(call.url.host == "auth.test" for call in peers.token_calls)
