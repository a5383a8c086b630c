"""Limits of bodies, whatever size they declare (S-32). tests/auth tests their form."""

from collections.abc import AsyncIterator

import pytest
from httpx import AsyncClient

JSON = {"Content-Type": "application/json"}
MIB = 1024 * 1024
LIMITS = [("/probe/notes", MIB), ("/small/notes", 16 * 1024)]


def note(size: int) -> bytes:
    return b'{"text":"' + b"x" * (size - 11) + b'"}'


async def chunks(body: bytes, size: int = 4096) -> AsyncIterator[bytes]:
    for start in range(0, len(body), size):
        yield body[start : start + size]


@pytest.mark.parametrize(("path", "limit"), LIMITS)
@pytest.mark.parametrize("chunked", [False, True])
async def test_a_body_may_have_its_limit_and_no_byte_more(
    probe: AsyncClient, path: str, limit: int, chunked: bool
) -> None:
    """S-32"""
    for size, status in ((limit, 200), (limit + 1, 413)):
        body = note(size)
        reply = await probe.post(path, content=chunks(body) if chunked else body, headers=JSON)
        assert reply.status_code == status, reply.text
    assert reply.json()["code"] == "body-too-large"
    assert reply.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("length", ["1048577", "9" * 30, "9" * 5000])
async def test_a_body_that_says_it_is_too_long_is_not_read(probe: AsyncClient, length: str) -> None:
    """S-32"""
    read = 0

    async def body() -> AsyncIterator[bytes]:
        nonlocal read
        read += 1
        yield b"x"

    reply = await probe.post("/probe/notes", content=body(), headers={**JSON, "Content-Length": length})
    assert (reply.status_code, reply.json()["code"], read) == (413, "body-too-large", 0)


async def test_a_body_that_says_it_is_short_is_counted_all_the_same(probe: AsyncClient) -> None:
    """S-32"""
    headers = {**JSON, "Content-Length": "10"}
    reply = await probe.post("/small/notes", content=chunks(note(20_000)), headers=headers)
    assert reply.status_code == 413


@pytest.mark.parametrize("length", ["", "x", "-1", "1e9", "\u0661"])
async def test_a_length_that_makes_no_sense_does_no_harm(probe: AsyncClient, length: str) -> None:
    headers = [(b"Content-Type", b"application/json"), (b"Content-Length", length.encode())]
    assert (await probe.post("/small/notes", content=chunks(note(100)), headers=headers)).status_code == 200


@pytest.mark.parametrize(
    ("value", "status"),
    [
        ("1", 200),
        ("0", 422),
        ("-1", 422),
        (str(2**53), 422),
        ("1e3", 422),
        ("0x1", 422),
        ("\uff11", 422),
        ("1" * 400, 422),
    ],
)
async def test_ids_in_paths_are_checked(probe: AsyncClient, value: str, status: int) -> None:
    """S-36"""
    assert (await probe.get(f"/probe/items/{value}")).status_code == status
