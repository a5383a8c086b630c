"""Calls to other services whose callers go away leak no connection."""

import asyncio
from datetime import timedelta
from typing import Any

import httpcore
import pytest

from common.tokens.replies import fetch
from tests.common.calls import GOOD, Number, ask, calling, connections
from tests.common.misbehaving import misbehaving, silence
from tests.waiting import eventually, in_time


async def test_callers_that_go_away_leak_no_connection_and_blame_nobody() -> None:
    async with (
        misbehaving(silence) as peer,
        misbehaving(GOOD) as auth,
        calling(peer.url, auth_url=auth.url, breaker_failures=1) as client,
    ):
        for _ in range(3):
            flock = [asyncio.create_task(ask(client)) for _ in range(30)]
            await asyncio.sleep(0.1)
            for one in flock:
                one.cancel()
            await asyncio.gather(*flock, return_exceptions=True)
        peer.behave = GOOD
        assert await ask(client) == Number(number=7)
        await eventually(lambda: peer.open == 1)
        assert connections(client.http) <= 2, "to the peer and to auth"
        assert client.breaker.state == "closed"
        assert await asyncio.gather(*(ask(client) for _ in range(20))) == [Number(number=7)] * 20


async def test_a_call_may_be_cancelled_at_any_moment() -> None:
    """httpcore alone would lose the connection (findings/httpcore-cancel-leaks-connections.sh)."""
    async with misbehaving(GOOD) as peer:
        for turns in range(60):  # of the loop, until the cancellation
            deadline = timedelta(seconds=5)
            async with calling(peer.url, call_pool_size=6, calls_per_peer=2, call_deadline=deadline) as client:
                flock = [asyncio.create_task(fetch(client.http, "GET", peer.url, is_ours=True)) for _ in range(6)]
                for _ in range(turns):
                    await asyncio.sleep(0)
                for one in flock:
                    one.cancel()
                await asyncio.gather(*flock, return_exceptions=True)
                asked = asyncio.gather(*(fetch(client.http, "GET", peer.url, is_ours=True) for _ in range(6)))
                assert {reply.status for reply in await asked} == {200}, turns
                assert await asyncio.gather(*(ask(client) for _ in range(6))) == [Number(number=7)] * 6, turns
                assert connections(client.http) <= 6


async def test_a_connection_that_comes_after_its_caller_has_gone_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    """anyio alone would leave it open until Python collects it."""
    connect = httpcore.AnyIOBackend.connect_tcp
    connected, go_on = asyncio.Event(), asyncio.Event()

    async def late(*args: Any, **options: Any) -> httpcore.AsyncNetworkStream:
        stream = await connect(*args, **options)
        connected.set()
        await go_on.wait()
        return stream

    monkeypatch.setattr(httpcore.AnyIOBackend, "connect_tcp", late)
    async with misbehaving(GOOD) as peer, calling(peer.url) as client:
        asking = asyncio.create_task(fetch(client.http, "GET", peer.url, is_ours=True))
        await in_time(connected.wait())
        await eventually(lambda: peer.open == 1)
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)
        assert peer.open == 1
        go_on.set()
        await eventually(lambda: peer.open == 0)
