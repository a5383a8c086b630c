"""Concurrent repetitions of a request, some with lost answers: one effect per key, and one answer (R-12).

`make faults` has KEYS=150; .ci/run is shorter.
"""

import asyncio
import json
import os
import random
import secrets
from urllib.parse import urlsplit

import pytest
from httpx import AsyncClient, Limits, Response

from tests.system.conftest import Person
from tests.system.faults.network.conftest import LinkedStack
from tests.system.faults.report import Report

KEYS = int(os.environ.get("KEYS", "10"))
AT_ONCE = 20


async def send_and_hang_up(url: str, body: bytes, headers: dict[str, str]) -> None:
    """The request arrives; its answer is lost."""
    address = urlsplit(url)
    _, writer = await asyncio.open_connection(address.hostname, address.port)
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    head = f"POST /posts HTTP/1.1\r\nHost: {address.netloc}\r\n{lines}Content-Length: {len(body)}\r\n\r\n"
    writer.write(head.encode() + body)
    await writer.drain()
    await asyncio.sleep(0.001)
    writer.transport.abort()


@pytest.mark.faults
async def test_a_request_sent_by_many_at_once_has_one_effect_and_one_answer(
    linked: LinkedStack, people: list[Person], report: Report
) -> None:
    ada = people[0]
    answers: dict[str, list[Response]] = {}

    async def insist(client: AsyncClient, body: bytes, headers: dict[str, str]) -> Response:
        while True:
            reply = await client.post("/posts", content=body, headers=headers)
            if reply.status_code not in (409, 503):
                return reply
            await asyncio.sleep(random.uniform(0.05, 0.2))

    async def use(client: AsyncClient, key: str) -> None:
        body = json.dumps({"title": key, "body": "b"}).encode()
        headers = {**ada.headers, "Idempotency-Key": key, "Content-Type": "application/json"}
        lost = asyncio.create_task(send_and_hang_up(linked.stack.url, body, headers))
        answers[key] = await asyncio.gather(*(insist(client, body, headers) for _ in range(AT_ONCE)))
        await lost

    limits = Limits(max_connections=2 * AT_ONCE, max_keepalive_connections=2 * AT_ONCE)
    async with AsyncClient(base_url=linked.stack.url, timeout=15, limits=limits, trust_env=False) as client:
        keys = [secrets.token_hex(8) for _ in range(KEYS)]
        for pair in range(0, KEYS, 2):
            await asyncio.gather(*(use(client, key) for key in keys[pair : pair + 2]))
    for replies in answers.values():
        assert {reply.status_code for reply in replies} == {201}
        assert len({(reply.text, reply.headers["location"], reply.headers["etag"]) for reply in replies}) == 1
    assert sorted(await linked.titles_of(ada)) == sorted(keys), "one effect per key"
    fault = f"the same POST {AT_ONCE} times at once, and once more without waiting for its answer"
    report.fault(row="R-12", fault=fault, times=KEYS, verdict="one effect per key")
