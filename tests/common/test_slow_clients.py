"""Clients that send or read slowly, on real sockets: they do not block others, and time out (R-29)."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from common.serving import http_limits, load_shedding, slow_clients
from common.serving.http_limits import BoundedHttp
from tests.common.busy import LARGE, LISTS, MOST, Busy, served
from tests.common.serving import Streams, answer, closed, connected, read_all, request
from tests.waiting import eventually, in_time


@pytest.fixture
async def busy() -> AsyncIterator[Busy]:
    async with served() as busy:
        yield busy


def upload(length: int, path: str = "/words") -> bytes:
    return request(path, "Content-Type: application/json", f"Content-Length: {length}", method="POST")


async def begin_uploads(busy: Busy, count: int) -> list[Streams]:
    """One after the other, since each takes a slot until it waits."""
    slow = [await busy.waiting.enter_async_context(connected(busy.port)) for _ in range(count)]
    for number, streams in enumerate(slow, start=1):
        streams[1].write(upload(15) + b'{"word')
        await eventually(lambda number=number: len(busy.limit.uploads) == number)  # type: ignore[misc]
    return slow


async def test_a_body_that_comes_slowly_keeps_nobody_out(busy: Busy) -> None:
    """R-29: otherwise a client that sends for half a minute would hold a slot for half a minute."""
    slow = await begin_uploads(busy, 3 * MOST)
    assert busy.limit.under_way == 0
    assert await busy.status(request("/things?limit=2")) == 200
    slow[0][1].transport.abort()
    await eventually(lambda: len(busy.limit.uploads) == len(slow) - 1)
    for streams in slow[1:]:
        streams[1].write(b'": "one"}')
    for streams in slow[1:]:
        assert (await answer(streams))[0] == 200
    assert busy.limit.under_way == len(busy.limit.uploads) == busy.limit.body_bytes == 0


async def test_a_body_that_is_announced_and_not_read_saves_no_place(busy: Busy) -> None:
    """R-17: nor does that of the next request on the same connection."""
    await busy.have_under_way(LISTS - 2)
    for rest in (b"", b"x" * 15 + upload(15)):
        streams = await busy.waiting.enter_async_context(connected(busy.port))
        streams[1].write(request("/wait", "Content-Length: 15") + rest)
        busy.streams.append(streams)
    await eventually(lambda: len(busy.limit.tasks) == LISTS)
    await asyncio.sleep(0.05)
    assert busy.limit.under_way == LISTS
    assert await busy.status(request("/things?limit=2")) == 503


async def test_a_stream_waits_for_no_body(busy: Busy) -> None:
    """R-17: during the answer, Starlette checks in `receive` whether the client is still connected."""
    streams = await busy.waiting.enter_async_context(connected(busy.port))
    streams[1].write(request("/drip", "Content-Length: 1"))
    await streams[0].readuntil(b"drop")
    assert (busy.limit.under_way, len(busy.limit.uploads)) == (1, 0)


async def test_so_many_bodies_may_be_waited_for_and_whole_ones_are_always_taken(busy: Busy) -> None:
    """R-29"""
    await begin_uploads(busy, busy.limit.most_waiting)
    body = b'{"word": "one"}'
    async with connected(busy.port) as one_more:
        one_more[1].write(upload(15) + body[:1])
        status, headers, problem = await answer(one_more)
        assert (status, problem["code"], headers["retry-after"]) == (503, "overloaded", "1")
        one_more[1].write(body[1:] + request("/things/1"))
        assert (await answer(one_more))[0] == 200
    async with connected(busy.port) as polite:
        polite[1].write(
            request(
                "/words", "Content-Type: application/json", "Content-Length: 15", "Expect: 100-continue", method="POST"
            )
        )
        assert (await answer(polite))[1]["connection"] == "close"
    assert busy.limit.refused["ordinary"] == 2
    assert await busy.status(upload(15) + b'{"word": "one"}') == 200
    assert await busy.status(request("/things?limit=2")) == 200


async def test_bodies_have_so_much_memory_in_all(busy: Busy, monkeypatch: pytest.MonkeyPatch) -> None:
    """R-29: small ones are always accepted."""
    monkeypatch.setattr(load_shedding, "MOST_BODIES", 300_000)
    large = b'{"word": "' + b"x" * 200_000
    slow = await busy.waiting.enter_async_context(connected(busy.port))
    slow[1].write(upload(len(large) + 2) + large)
    await eventually(lambda: busy.limit.body_bytes == len(large))
    async with connected(busy.port) as second:
        second[1].write(upload(len(large) + 2) + large)
        assert (await answer(second))[0] == 503
        second[1].write(b'"}' + request("/things/1"))
        assert (await answer(second))[0] == 200
    assert busy.limit.body_bytes == len(large)
    assert await busy.status(upload(15) + b'{"word": "one"}') == 200
    slow[1].write(b'"}')
    assert (await answer(slow))[0] == 200
    assert busy.limit.body_bytes == 0


async def test_who_reads_slowly_keeps_nobody_out(busy: Busy) -> None:
    """R-29: an export at the speed of a phone. If more clients are slow than may wait, the others hold slots."""
    busy.limit.most_waiting = MOST
    for number in range(1, MOST + 3):
        streams = await busy.waiting.enter_async_context(connected(busy.port, buffer=4096))
        streams[1].write(request("/flow"))
        busy.streams.append(streams)
        await eventually(lambda number=number: len(busy.limit.tasks) == number)  # type: ignore[misc]
        await eventually(lambda number=number: len(busy.limit.readers) == min(number, MOST))  # type: ignore[misc]
    assert busy.limit.under_way == 2
    assert await busy.status(request("/things?limit=2")) == 200
    reader, _ = busy.streams.pop()
    assert len(await in_time(reader.readexactly(LARGE))) == LARGE
    for streams in busy.streams:
        streams[1].transport.abort()
    await eventually(lambda: not busy.limit.tasks)
    assert not busy.limit.readers


async def test_a_body_that_comes_after_all_leaves_the_connection(busy: Busy, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_limits, "LINGER", 0.1)
    async with connected(busy.port) as streams:
        streams[1].write(request("/nowhere", "Content-Length: 2", method="POST"))
        assert (await answer(streams))[0] == 404
        for byte in (b"x", b"y"):
            streams[1].write(byte)
            await asyncio.sleep(0.02)
        await asyncio.sleep(0.2)
        streams[1].write(request("/things/1"))
        assert (await answer(streams))[0] == 200


async def test_who_sends_too_much_is_told_so_and_not_cut_off(busy: Busy) -> None:
    """S-32: closing while a client sends resets the connection, and the answer is lost. Gateways then answer 502."""
    body = b" " * 3_000_000
    for _ in range(10):
        async with connected(busy.port) as streams:
            streams[1].write(upload(len(body)) + body)
            await streams[1].drain()
            await asyncio.sleep(0.02)
            assert (await answer(streams))[0] == 413
            streams[1].write(request("/things/1"))
            assert (await answer(streams))[0] == 200
    async with connected(busy.port) as streams:
        heads = ("Content-Type: application/json", f"Content-Length: {len(body)}", "Expect: 100-continue")
        streams[1].write(request("/words", *heads, method="POST"))
        assert (await answer(streams))[0] == 413
        assert await closed(streams), "it will not send its body now"


async def test_a_body_that_nobody_reads_ends_with_its_connection(busy: Busy, monkeypatch: pytest.MonkeyPatch) -> None:
    """R-29: otherwise a byte from time to time would keep the connection for ever."""
    monkeypatch.setattr(http_limits, "LINGER", 0.1)
    async with connected(busy.port) as streams:
        streams[1].write(request("/nowhere", "Content-Length: 1000", method="POST"))
        assert (await answer(streams))[0] == 404
        streams[1].write(b"x")
        assert await closed(streams)
    assert not busy.limit.uploads


@pytest.mark.parametrize("path", ["/large", "/flow"])
@pytest.mark.parametrize("headers", [(), ("Connection: close",)], ids=["kept", "closing"])
async def test_who_does_not_read_is_cut_off(
    busy: Busy, monkeypatch: pytest.MonkeyPatch, path: str, headers: tuple[str, ...]
) -> None:
    """R-29: and returns its slot."""
    monkeypatch.setattr(slow_clients, "SEND_TIMEOUT", 0.1)
    async with connected(busy.port, buffer=4096) as streams:
        streams[1].write(request(path, *headers))
        await asyncio.sleep(0.8)
        assert 0 < await read_all(streams) < LARGE
    await eventually(lambda: busy.limit.under_way == 0)


async def test_who_reads_slowly_is_waited_for(busy: Busy, monkeypatch: pytest.MonkeyPatch) -> None:
    """However slow the machine is: the client has read a third of the answer before each check."""
    monkeypatch.setattr(slow_clients, "SEND_TIMEOUT", 0.05)
    check_reading = BoundedHttp.check_reading
    found, checked_at = 0, [0]

    def check(connection: BoundedHttp, before: int) -> None:
        if found - checked_at[-1] < LARGE // 3:
            connection.send_timer = connection.loop.call_later(0.02, check, connection, before)
        else:
            checked_at.append(found)
            check_reading(connection, before)

    monkeypatch.setattr(BoundedHttp, "check_reading", check)
    async with connected(busy.port, buffer=4096) as streams:
        streams[1].write(request("/large", "Connection: close"))
        while more := await in_time(streams[0].read(1_000_000)):
            found += len(more)
            await asyncio.sleep(0.005)
    assert found > LARGE
    assert len(checked_at) > 2


async def test_an_idle_connection_whose_answer_is_not_read_is_cut_off() -> None:
    """R-29: a normal close would wait for the reader."""
    async with served(timeout_keep_alive=1) as busy, connected(busy.port, buffer=4096) as streams:
        streams[1].write(request("/large"))
        await asyncio.sleep(1.2)
        assert 0 < await read_all(streams) < LARGE


async def test_a_connection_ends_though_empty_lines_and_late_bodies_came() -> None:
    """R-29: bytes that begin no request stop uvicorn's timer, and nothing would restart it."""
    async with served(timeout_keep_alive=0.3) as patient:
        async with connected(patient.port) as streams:
            streams[1].write(b"\r\n")
            assert await closed(streams)
        async with connected(patient.port) as streams:
            streams[1].write(request("/things/1"))
            assert (await answer(streams))[0] == 200
            streams[1].write(b"\r\n")
            assert await closed(streams)
        async with connected(patient.port) as streams:
            streams[1].write(request("/nowhere", "Content-Length: 2", method="POST"))
            assert (await answer(streams))[0] == 404
            streams[1].write(b"xy")
            assert await closed(streams)
