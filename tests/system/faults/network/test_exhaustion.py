"""A locked table blocks every connection of posts while 200 people use it (R-10)."""

import asyncio
import json
import secrets
import sys
import time

import pytest
from httpx import AsyncClient, Limits, Response

from posts.config import Settings
from tests.system.conftest import Person
from tests.system.faults.network.conftest import SECONDS, LinkedStack
from tests.system.faults.report import Report

CLIENTS = 200 if SECONDS >= 10 else 100
POOL_TIMEOUT = Settings.model_fields["pool_timeout"].default.total_seconds()
LOCK_TIMEOUT = 2.0
"""The role's statement timeout, in deploy/postgres."""
BUSY = 2.0
"""Seconds of tolerance for a busy machine."""
PROBE = """
import http.client, sys, time
began = time.monotonic()
connection = http.client.HTTPConnection("127.0.0.1", int(sys.argv[1]), timeout=5)
connection.request("GET", sys.argv[2])
print(connection.getresponse().status, time.monotonic() - began)
"""


async def probe(port: int, path: str) -> tuple[int, float]:
    """The answer's status and duration, measured in a separate process: this one runs 200 clients."""
    command = (sys.executable, "-c", PROBE, str(port), path)
    asked = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    said, _ = await asked.communicate()
    status, seconds = said.split()
    return int(status), float(seconds)


@pytest.mark.faults
async def test_held_connections_cost_refusals_in_time_and_nothing_else(
    linked: LinkedStack, gateway: AsyncClient, people: list[Person], report: Report
) -> None:
    ada = people[0]
    replies: list[Response] = []
    ended = asyncio.Event()
    since, held_at, seen_after = time.time(), time.monotonic(), 0.0

    async def insist(client: AsyncClient, number: int) -> None:
        new = {"title": secrets.token_hex(4), "body": "b"}
        while not ended.is_set():
            if number % 2:
                replies.append(await client.get(f"/posts?author_id={ada.id}"))
            else:
                replies.append(await client.post("/posts", json=new, headers=ada.headers))

    async def looked_after() -> int:
        """Probes and metrics of the process work meanwhile, and other services are not affected."""
        for path in ("/livez", "/readyz"):
            status, seconds = await probe(linked.port("posts"), path)
            assert status == 200, path
            assert seconds < 1 + BUSY, path
        waits = await linked.shows("posts", "db_pool_waits_total")
        assert await linked.shows("posts", "db_pool_connections", pool="reading") > 0
        for path in ("/users/me", "/auth/me"):
            assert (await gateway.get(path, headers=ada.headers)).status_code == 200, path
        return int(waits)

    limits = Limits(max_connections=CLIENTS, max_keepalive_connections=CLIENTS)
    async with (
        AsyncClient(base_url=linked.stack.url, timeout=15, limits=limits, trust_env=False) as many,
        linked.owner("posts") as owner,
        asyncio.TaskGroup() as clients,
    ):
        async with owner.transaction():
            await owner.execute("LOCK TABLE posts IN ACCESS EXCLUSIVE MODE")
            insisting = [clients.create_task(insist(many, number)) for number in range(CLIENTS)]
            waits, ends = 0, time.monotonic() + max(SECONDS / 2, 3)
            while time.monotonic() < ends or (not waits and time.monotonic() < ends + 30):
                await asyncio.sleep(0.5)
                waits = await looked_after()
                seen_after = seen_after or (time.monotonic() - held_at if waits else 0.0)
            ended.set()
        healed = time.monotonic()
        while (await gateway.get(f"/posts?author_id={ada.id}")).status_code != 200:
            assert time.monotonic() - healed < 2
        seconds = time.monotonic() - healed
        await asyncio.wait(insisting)
        idle = "SELECT count(*) FROM pg_stat_activity WHERE datname = 'posts' AND state LIKE 'idle in transaction%'"
        assert await owner.fetchval(idle) == 0
    refused = [reply for reply in replies if reply.status_code not in (200, 201)]
    assert {(reply.status_code, reply.headers.get("retry-after")) for reply in refused} == {(503, "1")}
    # from the service's own log: so many clients in one process mostly measure themselves
    answered = [json.loads(line) for line in linked.lines("posts", since) if '"event":"request"' in line]
    longest = max(line["ms"] for line in answered if line["status"] == 503) / 1000
    assert longest <= POOL_TIMEOUT + LOCK_TIMEOUT + BUSY
    assert waits > 0
    written = sum(reply.status_code == 201 for reply in replies)
    assert len(await linked.titles_of(ada)) == written, "what was refused was not done"
    report.fault(
        row="R-10",
        fault=f"all connections of posts held, {CLIENTS} clients",
        recovery_s=seconds,
        seen={"`db_pool_waits`": seen_after},
        failed=len(refused),
        verdict=f"refused within {longest:.1f} s",
    )
