"""Calls to hosts that are not ours tell nothing of what runs inside."""

import httpx
import pytest

from common.calls.http_pool import http_pool
from common.spans import TRACEPARENT
from common.tokens.replies import fetch
from tests.common.conftest import probe_settings

STANDARD = {"host", "accept", "accept-encoding", "connection", "user-agent"}


@pytest.mark.parametrize("is_ours", [True, False])
async def test_only_our_own_services_learn_the_trace(is_ours: bool) -> None:
    seen: list[httpx.Headers] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request.headers)
        return httpx.Response(200)

    settings = probe_settings(otel_exporter_otlp_endpoint="http://127.0.0.1:4318")
    async with http_pool(settings, httpx.MockTransport(answer)) as http:
        await fetch(http, "GET", "https://elsewhere.example/", is_ours=is_ours)
    assert set(seen[0]) - STANDARD == ({TRACEPARENT} if is_ours else set())
