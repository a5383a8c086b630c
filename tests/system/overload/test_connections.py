"""R-29: idle connections, directly to a service and through the gateway: `make overload`."""

import asyncio
import os
import socket
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from tests.benchmarks import checks
from tests.system.conftest import LocalStack, Meet
from tests.system.faults.report import Report
from tests.system.overload.conftest import SECONDS, Pinned
from tests.system.overload.open_loop import request

pytestmark = pytest.mark.overload
IDLE, SLOW = 2_000, 500
HELD = f"{IDLE} idle, {SLOW} slow to send, {SLOW} that do not read"
GOOD = 20
"""New clients a second."""
LARGE = 50_000
"""Characters of a post: twenty posts fill a page."""


def open_files(pid: int) -> float:
    """The share of used file descriptors of a process."""
    limit = next(
        int(line.split()[3]) for line in Path(f"/proc/{pid}/limits").read_text().splitlines() if "open files" in line
    )
    return len(os.listdir(f"/proc/{pid}/fd")) / limit


class Abuse:
    """Connections that neither send nor receive."""

    def __init__(self, base: str) -> None:
        place = urlsplit(base)
        self.place = (place.hostname, place.port)
        self.held: list[socket.socket] = []

    async def connect(self, count: int, first: bytes) -> None:
        loop = asyncio.get_running_loop()
        for number in range(count):
            client = socket.socket()
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            client.setblocking(False)
            await loop.sock_connect(client, self.place)
            if first:
                client.send(first)
            self.held.append(client)
            if number % 50 == 49:
                await asyncio.sleep(0.01)

    def end(self) -> None:
        for client in self.held:
            client.close()

    async def trickle(self, until: float) -> None:
        """A letter of a header a second."""
        slow = self.held[IDLE : IDLE + SLOW]
        while time.monotonic() < until:
            for client in slow:
                try:
                    client.send(b"x")
                except OSError:  # it was closed, as expected
                    continue
            await asyncio.sleep(1)


async def good_clients(url: str, seconds: float) -> list[int]:
    """The statuses of new clients, each with its own connection; 0 without an answer in 2 s."""

    async def one() -> int:
        try:
            async with httpx.AsyncClient(trust_env=False, timeout=2) as client:
                return (await client.get(url)).status_code
        except httpx.HTTPError:
            return 0

    asked = []
    for _ in range(int(seconds * GOOD)):
        asked.append(asyncio.create_task(one()))
        await asyncio.sleep(1 / GOOD)
    return list(await asyncio.gather(*asked))


async def abused(base: str, large: str, good: str, watch: Callable[[], None]) -> str:
    abuse, until = Abuse(base), time.monotonic() + 3 * SECONDS
    with ExitStack() as held:
        held.callback(abuse.end)
        await abuse.connect(IDLE, b"")
        await abuse.connect(SLOW, b"GET / HTTP/1.1\r\nHost: x\r\nX: ")
        trickling = asyncio.create_task(abuse.trickle(until))
        await abuse.connect(SLOW, request(large))
        statuses = await good_clients(base + good, 2 * SECONDS)
        watch()
        await trickling
    share = statuses.count(200) / len(statuses)
    print(f"{share:.3f} of {len(statuses)} good clients were served: {sorted(set(statuses))}")
    assert share >= 0.99
    return f"{share:.1%} of new clients served"


async def write_long_posts(client: httpx.AsyncClient, headers: dict[str, str]) -> str:
    """Returns the address of the last one."""
    for number in range(20):
        new = {"title": f"Long {number}", "body": "x" * LARGE}
        written = (await client.post("/posts", json=new, headers=headers)).raise_for_status()
    return written.headers["location"]


async def test_a_service_serves_beside_connections_that_are_only_held(
    posts: Pinned, person: checks.Person, report: Report
) -> None:
    async with httpx.AsyncClient(base_url=posts.base, trust_env=False) as client:
        await write_long_posts(client, person.headers)

    def watch() -> None:
        print(f"\nposts: {open_files(posts.pid):.3f} of its files, {posts.memory():.0f} MiB")
        assert open_files(posts.pid) < 0.8

    verdict = await abused(posts.base, f"/posts?author_id={person.id}", "/posts/1", watch)
    report.fault(row="R-29", fault=f"{HELD}, at a service", seen_by="open files of the process", verdict=verdict)


async def test_so_does_the_gateway(
    local_stack: LocalStack, gateway: httpx.AsyncClient, meet: Meet, report: Report
) -> None:
    ada = await meet("Ada")
    post = await write_long_posts(gateway, ada.headers)

    def watch() -> None:
        shares = {name: open_files(pid) for name, pid in local_stack.pids().items()}
        print("\n" + ", ".join(f"{name} {share:.3f}" for name, share in shares.items()) + " of their files")
        assert max(shares.values()) < 0.8

    verdict = await abused(local_stack.url, f"/posts?author_id={ada.id}", post, watch)
    report.fault(row="R-29", fault=f"{HELD}, at the gateway", seen_by="open files of the process", verdict=verdict)
