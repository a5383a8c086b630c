# folder: only with posts
"""A local stack whose services call each other through links that tests break.

FAULT_SECONDS is the length of each fault: 20 in `make faults`, shorter in .ci/run.
"""

import asyncio
import json
import os
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from itertools import permutations
from typing import Any

import asyncpg
import pytest
from httpx import AsyncClient

from deploy.local.state import read_state
from deploy.services import STARTED
from tests.system.conftest import LocalStack, Person
from tests.system.faults.metrics import total
from tests.system.faults.network.link import FINE, Link, Trouble, link_to

SECONDS = float(os.environ.get("FAULT_SECONDS", "2"))
SEED = int(os.environ.get("SEED") or "20261122")
PORTS = {service: place for place, service in enumerate(STARTED, start=1)}


@dataclass
class LinkedStack:
    """The stack, and the links between its services: posts calls users through `links["posts", "users"]`."""

    stack: LocalStack
    links: dict[tuple[str, str], Link]
    gateway: AsyncClient

    def port(self, service: str) -> int:
        return self.stack.base + PORTS[service]

    def address(self, service: str) -> str:
        return f"http://127.0.0.1:{self.port(service)}"

    def suffer(self, trouble: Trouble, *ways: tuple[str, str]) -> None:
        for way in ways:
            self.links[way].suffer(trouble)

    def heal(self) -> None:
        self.suffer(FINE, *self.links)

    async def metrics(self, service: str) -> str:
        async with AsyncClient(base_url=self.address(service), timeout=5, trust_env=False) as client:
            return (await client.get("/metrics")).text

    async def shows(self, service: str, name: str, **labels: str) -> float:
        return total(await self.metrics(service), name, **labels)

    def logged(self, service: str, words: str, since: float) -> bool:
        """Whether a service has logged a line with these words since a moment (of time.time())."""
        return any(words in line for line in self.lines(service, since))

    def lines(self, service: str, since: float) -> list[str]:
        """The service's log lines since a moment."""
        found = (self.stack.folder / "logs" / f"{service}.log").read_text().splitlines()
        return [line for line in found if line.startswith("{") and told_at(line) >= since]

    async def run(self, *command: str) -> str:
        done = await asyncio.to_thread(self.stack.run, "run", *command)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    @asynccontextmanager
    async def owner(self, service: str) -> AsyncIterator["asyncpg.Connection[Any]"]:
        """A connection to a service's database as the role that owns its tables."""
        state = read_state(self.stack.folder)
        server = state.process("postgres") if state else None
        assert server
        password = (self.stack.folder / "secrets" / f"{service}-owner-password").read_text()
        address = f"postgresql://{service}_owner@127.0.0.1:{server.port}/{service}"
        connection = await asyncpg.connect(address, password=password)
        try:
            yield connection
        finally:
            await connection.close()

    async def titles_of(self, person: Person) -> list[str]:
        """The texts of all published posts of a person."""
        titles: list[str] = []
        url = f"/posts?author_id={person.id}&limit=100"
        while url:
            page = await self.gateway.get(url)
            titles += [post["title"] for post in page.json()["items"]]
            url = page.links["next"]["url"] if page.links else ""
        return titles

    async def all_told(self) -> bool:
        return not sum([await self.shows(service, "outbox_rows", state="waiting") for service in STARTED])


def told_at(line: str) -> float:
    told: dict[str, Any] = json.loads(line)
    return datetime.fromisoformat(told["timestamp"]).timestamp()


async def until(what: str, holds: Callable[[], Awaitable[bool]], seconds: float = 30.0) -> float:
    """Its duration in seconds."""
    started = time.monotonic()
    while not await holds():
        assert time.monotonic() - started < seconds, what
        await asyncio.sleep(0.1)
    return time.monotonic() - started


@pytest.fixture(scope="session")
async def linked_stack(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[LinkedStack]:
    stack = LocalStack(tmp_path_factory.mktemp("linked"))
    async with AsyncExitStack() as opened:
        links = {
            way: await opened.enter_async_context(link_to(stack.base + PORTS[way[1]], SEED + number))
            for number, way in enumerate(permutations(STARTED, 2))
        }
        ways: dict[str, dict[str, str]] = {service: {} for service in STARTED}
        for (caller, peer), link in links.items():
            ways[caller][peer] = f"http://127.0.0.1:{link.port}"
        # breakers close again soon, so that calls meet each fault of a link, not only the first
        stack.environment = {"WAYS": json.dumps(ways), "REPLICAS_POSTS": "1", "BREAKER_PAUSE": "0.3"}
        gateway = await opened.enter_async_context(AsyncClient(base_url=stack.url, timeout=15, trust_env=False))
        started = await asyncio.to_thread(stack.run, "start")
        assert started.returncode == 0, started.stdout + started.stderr
        try:
            yield LinkedStack(stack, links, gateway)
        finally:
            stopped = await asyncio.to_thread(stack.run, "reset")
        assert stopped.returncode == 0, stopped.stdout + stopped.stderr


@pytest.fixture
async def linked(linked_stack: LinkedStack) -> AsyncIterator[LinkedStack]:
    """All links work before and after each test."""
    yield linked_stack
    linked_stack.heal()
    await until("all events are delivered", linked_stack.all_told)


@pytest.fixture
def gateway(linked: LinkedStack) -> AsyncClient:
    return linked.gateway


@pytest.fixture
async def people(linked: LinkedStack, meet: Callable[[str], Awaitable[Person]]) -> list[Person]:
    """Five people whom all services know."""
    met = [await meet(f"Person {number}") for number in range(5)]
    await until("everybody knows them", linked.all_told)
    return met
