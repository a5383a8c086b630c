"""HEAD on every route that has a GET: the same headers, and no body (RFC 9110, section 9.3.2)."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from fastapi.responses import StreamingResponse
from httpx import AsyncClient

from common.http.access import public
from common.http.routing import service_router
from common.serving.load_shedding import LoadShedder
from tests.common.conftest import probe_app, probing
from tests.common.serving import connected, request, serving
from tests.conftest import Log
from tests.waiting import eventually, in_time


@pytest.mark.parametrize(
    ("path", "status"),
    [("/probe/who", 200), ("/probe/items/7", 200), ("/probe/items/x", 422), ("/probe/teapot", 418), ("/nowhere", 404),
     ("/livez", 200), ("/readyz", 200)],
)  # fmt: skip
async def test_head_has_the_headers_of_get_and_no_body(probe: AsyncClient, path: str, status: int) -> None:
    headers = {"Origin": "http://app.example", "X-Request-ID": "known-request"}
    get, head = await probe.get(path, headers=headers), await probe.head(path, headers=headers)
    assert (get.status_code, head.status_code, head.content) == (status, status, b"")
    assert {**head.headers, "date": ""} == {**get.headers, "date": ""}
    assert head.headers["content-length"] == str(len(get.content))


async def test_metrics_answer_head(probe: AsyncClient) -> None:
    reply = await probe.head("/metrics")
    assert (reply.status_code, reply.content) == (200, b"")
    assert reply.headers["content-type"].startswith("text/plain")


async def test_what_has_no_get_has_no_head(probe: AsyncClient) -> None:
    reply = await probe.head("/probe/notes")
    assert (reply.status_code, reply.headers["allow"], reply.content) == (405, "POST", b"")
    assert (await probe.post("/probe/who")).headers["allow"] == "GET, HEAD"


async def test_a_page_may_ask_with_head(probe: AsyncClient) -> None:
    asked = {"Origin": "http://app.example", "Access-Control-Request-Method": "HEAD"}
    assert (await probe.options("/probe/who", headers=asked)).status_code == 200


async def test_head_is_logged_and_counted_as_head(log: Log) -> None:
    app = probe_app()
    async with probing(app) as client:
        await client.head("/probe/items/7")
        metrics = (await client.get("/metrics")).text
    assert [(line["method"], line["path"], line["status"]) for line in log()] == [("HEAD", "/probe/items/7", 200)]
    assert 'http_requests_total{method="HEAD",route="/probe/items/{item_id}",status="200"} 1.0' in metrics


async def test_head_matters_as_much_as_get() -> None:
    app = probe_app()
    scope = {"path": "/probe/who", "method": "GET"}
    load_shedder: LoadShedder = app.state.load_shedder
    assert load_shedder.priority_of(scope) == load_shedder.priority_of({**scope, "method": "HEAD"})


async def test_head_of_a_stream_ends_the_stream_and_leaves_the_connection_to_the_next_request() -> None:
    router, sent, ended = service_router("/probe", "probe"), [0], asyncio.Event()

    @router.get("/stream")
    @public
    async def stream() -> StreamingResponse:
        async def parts() -> AsyncIterator[bytes]:
            try:
                while True:
                    sent[0] += 1
                    yield b"x" * 1000
                    await asyncio.sleep(0)
            finally:
                ended.set()

        return StreamingResponse(parts(), media_type="text/plain")

    app = probe_app()
    app.include_router(router)
    async with serving(app, LoadShedder((), 1000)) as port, connected(port) as streams:
        streams[1].write(request("/probe/stream", method="HEAD"))
        head = (await in_time(streams[0].readuntil(b"\r\n\r\n"))).lower()
        assert head.startswith(b"http/1.1 200")
        await eventually(ended.is_set)
        assert sent[0] < 100
        streams[1].write(request("/livez"))
        assert (await in_time(streams[0].readuntil(b"alive"))).startswith(b"HTTP/1.1 200")
