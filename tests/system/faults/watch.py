"""Looks at every process of a local stack four times a second, as an orchestrator does."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import httpx

from deploy.local.state import read_state
from tests.system.conftest import LocalStack

EVERY = 0.25
PATIENCE = 2.0


@dataclass(frozen=True, slots=True)
class Look:
    """One answer of a probe, or the lack of it."""

    at: float
    green: bool
    said: str


@dataclass
class Watch:
    """What the probes have said since the beginning: `/readyz` of the services, `/healthz` of the gateway."""

    stack: LocalStack
    looks: dict[str, list[Look]] = field(default_factory=dict)

    @asynccontextmanager
    async def on(self) -> AsyncIterator[None]:
        state = read_state(self.stack.folder)
        assert state
        async with httpx.AsyncClient(timeout=PATIENCE, trust_env=False) as client, asyncio.TaskGroup() as group:
            looking = [
                group.create_task(self.look(client, process.name, process.port))
                for process in state.processes
                if process.name != "postgres"
            ]
            yield
            for task in looking:
                task.cancel()

    async def look(self, client: httpx.AsyncClient, name: str, port: int) -> None:
        path = "/healthz" if name == "gateway" else "/readyz"
        while True:
            at = time.monotonic()
            try:
                reply = await client.get(f"http://127.0.0.1:{port}{path}", headers={"Connection": "close"})
                look = Look(at, reply.status_code == 200, reply.text)
            except httpx.HTTPError as error:
                look = Look(at, green=False, said=repr(error))
            self.looks.setdefault(name, []).append(look)
            await asyncio.sleep(EVERY)

    def all_green_since(self, moment: float) -> bool:
        """Whether each was asked after that moment, and said yes at last."""
        return all(looks[-1].green and looks[-1].at > moment for looks in self.looks.values())

    async def until_green(self, moment: float, within: float) -> float:
        """How long after that moment everything was ready, asked again and again."""
        while not self.all_green_since(moment):  # what is awaited is a state, not an event
            assert time.monotonic() - moment < within, {name: looks[-1] for name, looks in self.looks.items()}
            await asyncio.sleep(0.05)
        return time.monotonic() - moment

    def red_since(self, moment: float) -> dict[str, float]:
        """Which were not ready at some time after that moment, and how many seconds after it they were first so."""
        first: dict[str, float] = {}
        for name, looks in self.looks.items():
            for look in looks:
                if look.at > moment and not look.green:
                    first.setdefault(name, look.at - moment)
        return first
