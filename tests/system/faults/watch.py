"""Probes every process of a local stack four times a second, like an orchestrator, and reads the runner's log."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import httpx

from deploy.local.state import read_state
from tests.system.conftest import LocalStack

EVERY = 0.25
PATIENCE = 2.0


@dataclass(frozen=True, slots=True)
class Look:
    """A probe's answer, or its absence."""

    at: float
    """The moment of the probe."""
    known: float
    green: bool
    said: str


@dataclass
class Watch:
    """All answers of the probes: `/readyz` of the services, `/healthz` of the gateway."""

    stack: LocalStack
    looks: dict[str, list[Look]] = field(default_factory=dict)
    ends: list[float] = field(default_factory=list)
    """The moments at which the log reported an ended process."""

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
            looking.append(group.create_task(self.read_log()))
            yield
            for task in looking:
                task.cancel()

    async def look(self, client: httpx.AsyncClient, name: str, port: int) -> None:
        path = "/healthz" if name == "gateway" else "/readyz"
        while True:
            at = time.monotonic()
            try:
                reply = await client.get(f"http://127.0.0.1:{port}{path}", headers={"Connection": "close"})
                look = Look(at, time.monotonic(), reply.status_code == 200, reply.text)
            except httpx.HTTPError as error:
                look = Look(at, time.monotonic(), green=False, said=repr(error))
            self.looks.setdefault(name, []).append(look)
            await asyncio.sleep(EVERY)

    async def read_log(self) -> None:
        told = len(self.told())
        while True:
            await asyncio.sleep(EVERY)
            lines = self.told()[told:]
            told += len(lines)
            self.ends += [time.monotonic() for line in lines if "starting it again" in line or "in a row" in line]

    def told(self) -> list[str]:
        """Complete lines of the runner's log."""
        return (self.stack.folder / "logs" / "runner.log").read_text().split("\n")[:-1]

    def all_green_since(self, moment: float) -> bool:
        """Whether each was probed after that moment, and its last answer is ready."""
        return all(looks[-1].green and looks[-1].at > moment for looks in self.looks.values())

    async def until_green(self, moment: float, within: float) -> float:
        """The seconds from that moment until everything was ready."""
        while not self.all_green_since(moment):  # what is awaited is a state, not an event
            assert time.monotonic() - moment < within, {name: looks[-1] for name, looks in self.looks.items()}
            await asyncio.sleep(0.05)
        return time.monotonic() - moment

    def red_since(self, moment: float) -> dict[str, float]:
        """Processes that were not ready after that moment, each with the seconds until this was known.

        A missing answer is known when the probe times out.
        """
        first: dict[str, float] = {}
        for name, looks in self.looks.items():
            for look in looks:
                if look.at > moment and not look.green:
                    first.setdefault(name, look.known - moment)
        return first

    def seen_since(self, moment: float) -> dict[str, float]:
        """Where an operator sees an ended or hanging process, and how many seconds after that moment."""
        places = {
            "readiness": self.red_since(moment).values(),
            "log": (end - moment for end in self.ends if end > moment),
        }
        firsts = {place: min(after, default=None) for place, after in places.items()}
        return {place: after for place, after in firsts.items() if after is not None}


def latest(each: Iterable[Mapping[str, float]]) -> dict[str, float]:
    """For several faults of one kind: the places where all of them were seen, and the longest time."""
    faults = list(each)
    places = set.intersection(*(set(seen) for seen in faults)) if faults else set()
    return {place: max(seen[place] for seen in faults) for place in sorted(places)}
