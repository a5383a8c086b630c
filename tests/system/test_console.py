"""The console of a real stack, by its HTTP API: a request is followed from its log line to its SQL and its events."""

import os
import signal
from collections.abc import AsyncIterator
from typing import Any

import pytest
from httpx import AsyncClient

from tests.system.conftest import LocalStack, sign_up
from tests.waiting import GENEROUS, eventually

pytestmark = pytest.mark.stack


@pytest.fixture
async def console(with_console: LocalStack) -> AsyncIterator[AsyncClient]:
    """Signed in by the link."""
    link = with_console.console_link()
    async with AsyncClient(timeout=GENEROUS, trust_env=False, base_url=link.partition("?")[0]) as client:
        opened = await client.get(link)
        assert opened.status_code == 303
        yield client


async def read(console: AsyncClient, path: str, **filters: str) -> Any:
    answer = await console.get(f"/api/{path}", params=filters)
    assert answer.status_code == 200, answer.text
    return answer.json()


# begin: only with posts
async def test_a_request_is_found_in_logs_traces_metrics_mails_and_the_picture(
    with_console: LocalStack, console: AsyncClient
) -> None:
    async with AsyncClient(base_url=with_console.url, timeout=GENEROUS, trust_env=False) as gateway:
        ada = await sign_up(gateway, "Ada")
        new = await gateway.post("/posts", json={"title": "t", "body": "b"}, headers=ada.headers)
    request_id = new.headers["X-Request-ID"]

    async def is_traced() -> bool:
        return any(
            one["path"] == "/posts" for one in await read(console, "traces", text="posts.repositories.posts:add")
        )

    await eventually(is_traced, 0.2)
    lines = await read(console, "logs", request=request_id)
    (line,) = [line for line in lines if line["event"] == "request" and line["more"]["path"] == "/posts"]
    assert (line["process"], line["more"]["status"]) == ("posts", 201)
    spans = await read(console, f"traces/{line['trace_id']}")
    assert spans[0]["name"] == "POST /posts"
    statements = {span["attributes"].get("statement.name") for span in spans}
    assert {"posts.repositories.posts:ADD", "common.events.outbox:PUBLISH"} <= statements
    assert {line["trace_id"]} == {one["trace_id"] for one in await read(console, "logs", trace=line["trace_id"])}
    assert any(one["name"] == "posts.repositories.posts:ADD" for one in await read(console, "statements"))

    async def is_pictured() -> bool:
        edges = (await read(console, "picture"))["edges"]
        seen = {(edge["from"], edge["to"], edge["kind"]) for edge in edges if edge["count"]}
        return {("gateway", "posts", "call"), ("auth", "users", "events"), ("posts", "users", "events")} <= seen

    await eventually(is_pictured, 0.2)
    assert all(node["up"] == node["of"] == 1 for node in (await read(console, "picture"))["nodes"])

    async def is_measured() -> bool:
        """The console's first look counts as zero, so requests before it are in no point."""
        async with AsyncClient(base_url=with_console.url, timeout=GENEROUS, trust_env=False) as gateway:
            await gateway.get("/posts")
        points = (await read(console, "metrics"))["services"]["posts"]
        return any(point.get("requests") and point.get("p95_ms") for point in points)

    await eventually(is_measured, 0.2)

    async def is_mailed() -> bool:
        return any(mail["to"] == ada.email and mail["links"] for mail in await read(console, "mails"))

    await eventually(is_mailed, 0.2)


# end: only with posts


async def test_a_kill_is_seen_with_its_reason(with_console: LocalStack, console: AsyncClient) -> None:
    os.kill(with_console.pids()["users"], signal.SIGKILL)

    async def is_told() -> bool:
        users = {one["name"]: one for one in (await read(console, "stack"))["processes"]}["users"]
        return (users["state"], users["restarts"], users["last_end"]) == ("up", 1, "was ended by SIGKILL")

    await eventually(is_told, 0.2)
