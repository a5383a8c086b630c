"""R-25 in short: no growth under load: `make overload`, SOAK_SECONDS=7200 for the full test."""

import asyncio
import os
import secrets
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import httpx
import pytest

from tests.benchmarks import checks
from tests.system.faults.report import Report
from tests.system.overload.conftest import HEALTH, POSTS, Pinned, bearer
from tests.system.overload.open_loop import Flow, request

pytestmark = pytest.mark.overload
SOAK = float(os.environ.get("SOAK_SECONDS", "120"))
SAMPLES = 12


@dataclass
class Sample:
    """A process's resources."""

    memory: float
    files: int
    threads: int
    under_way: float
    connections: int
    """Connections to PostgreSQL."""


async def sample(posts: Pinned, database: asyncpg.Connection) -> Sample:
    async with httpx.AsyncClient(trust_env=False) as client:
        lines = (await client.get(f"{posts.base}/metrics")).text.splitlines()
    process = Path(f"/proc/{posts.pid}")
    return Sample(
        posts.memory(),
        len(list((process / "fd").iterdir())),
        len(list((process / "task").iterdir())),
        next(float(line.split()[1]) for line in lines if line.startswith("http_requests_under_way ")),
        await database.fetchval("SELECT count(*) FROM pg_stat_activity WHERE usename = 'posts'"),
    )


async def test_nothing_grows(posts: Pinned, person: checks.Person, report: Report) -> None:
    """In the second half: R-25's 1 MiB per hour is hidden by noise for hours, so the limit here is 2 MiB in total."""
    signed_in, mark = bearer(person), secrets.token_hex(4)
    writes = [
        request(
            "/posts",
            signed_in,
            "Content-Type: application/json",
            f"Idempotency-Key: {mark}-{number}",
            method="POST",
            body=b'{"title": "Soaking", "body": "It was a clear night."}',
        )
        for number in range(int(SOAK * 10))
    ]
    strangers = [
        request(f"/posts/{number % POSTS + 1}", f"Authorization: Bearer {secrets.token_hex(8)}.{number:x}.x")
        for number in range(10_000)
    ]
    load = posts.asked(
        Flow("reads", 60, [request(f"/posts/{number}", signed_in) for number in range(1, POSTS + 1)]),
        Flow("lists", 10, [request("/posts?limit=20", signed_in), request("/posts/feed", signed_in)]),
        Flow("writes", 10, writes),
        Flow("strangers", 20, strangers),
        HEALTH,
        seconds=SOAK,
    )
    loading = asyncio.create_task(load)
    database = await asyncpg.connect(posts.house.superuser_dsn("posts"))
    samples = []
    for _ in range(SAMPLES):
        await asyncio.sleep(SOAK / SAMPLES)
        samples.append(await sample(posts, database))
    await database.close()
    found = await loading
    for one in samples:
        print(one)
    print({name: str(answers) for name, answers in found.items()})
    first, second = samples[SAMPLES // 2 - 2 : SAMPLES // 2], samples[-2:]
    assert min(one.memory for one in second) - min(one.memory for one in first) <= 2
    assert max(one.files for one in second) <= max(one.files for one in samples[:-2]) + 2
    assert max(one.threads for one in second) <= max(one.threads for one in samples[:-2])
    assert max(one.connections for one in second) <= max(one.connections for one in samples[:-2])
    assert set(found["writes"].counts()) == {201}
    assert set(found["strangers"].counts()) == {401}
    grown = min(one.memory for one in second) - min(one.memory for one in first)
    verdict = f"{grown:+.1f} MiB in the second half, files, threads and connections flat"
    report.fault(row="R-25", fault=f"{SOAK:.0f} s of use", seen_by="process_resident_memory_bytes", verdict=verdict)
