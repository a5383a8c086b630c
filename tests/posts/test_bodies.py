"""Reading bodies: limits of size (S-32) and time (S-33). test_posts.py tests their content."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator

import pytest
from fastapi import FastAPI
from httpx import AsyncClient
from starlette.types import Message
from structlog.testing import capture_logs

from common.http import bodies
from tests.peers import Peers
from tests.posts.conftest import SignedIn

TOO_LARGE = json.dumps({"title": "t", "body": "b" * bodies.MAX_BODY}).encode()


async def chunks(body: bytes, pause: float = 0.0) -> AsyncIterator[bytes]:
    for start in range(0, len(body), 65_536):
        yield body[start : start + 65_536]
        await asyncio.sleep(pause)


@pytest.mark.parametrize("chunked", [False, True])
async def test_a_body_that_is_too_large_is_refused(
    client: AsyncClient, peers: Peers, signed_in: SignedIn, chunked: bool
) -> None:
    """S-32: chunked ones are counted as they arrive."""
    for key in ({}, {"Idempotency-Key": "a-key"}):
        headers = signed_in(peers.new_account()) | {"Content-Type": "application/json"} | key
        reply = await client.post("/posts", content=chunks(TOO_LARGE) if chunked else TOO_LARGE, headers=headers)
        assert (reply.status_code, reply.json()["code"]) == (413, "body-too-large")
        assert "connection" not in reply.headers, "its sender would be cut off before they see why"


async def test_a_body_that_comes_in_pieces_is_read(client: AsyncClient, peers: Peers, signed_in: SignedIn) -> None:
    body = json.dumps({"title": "t", "body": "b" * 49_000, "tags": ["x" * 50]}).encode()
    headers = signed_in(peers.new_account()) | {"Content-Type": "application/json"}
    reply = await client.post("/posts", content=chunks(body), headers=headers)
    assert (reply.status_code, len(reply.json()["body"])) == (201, 49_000)


async def test_a_body_that_does_not_come_is_not_waited_for(
    client: AsyncClient, peers: Peers, signed_in: SignedIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    """S-33"""
    monkeypatch.setattr(bodies, "BODY_TIMEOUT", 0.05)
    headers = signed_in(peers.new_account()) | {"Content-Type": "application/json"}
    reply = await client.post("/posts", content=chunks(b"{" * 200_000, pause=0.1), headers=headers)
    assert (reply.status_code, reply.json()["code"]) == (408, "request-timeout")
    assert reply.headers["connection"] == "close"


async def test_a_body_whose_sender_dies_is_no_fault_of_ours(app: FastAPI, peers: Peers, signed_in: SignedIn) -> None:
    """R-02: a killed gateway cuts off all uploads, which must not be errors in the log."""
    messages: Iterator[Message] = iter(
        [{"type": "http.request", "body": b'{"title": "t', "more_body": True}, {"type": "http.disconnect"}]
    )
    sent: list[Message] = []

    async def receive() -> Message:
        return next(messages)

    async def send(message: Message) -> None:
        sent.append(message)

    headers = signed_in(peers.new_account()) | {"Content-Type": "application/json"}
    scope = {
        "type": "http", "method": "POST", "path": "/posts", "raw_path": b"/posts", "query_string": b"",
        "headers": [(name.lower().encode(), value.encode()) for name, value in headers.items()],
        "client": ("127.0.0.1", 40_000), "server": ("posts.test", 80), "scheme": "http", "http_version": "1.1",
    }  # fmt: skip
    with capture_logs() as told:
        await app(scope, receive, send)
    assert sent[0]["status"] == 400
    assert not [line for line in told if line["log_level"] == "error"]
