# folder: only with posts
"""A service on its own core, and its maximum load.

PostgreSQL and the clients have the other cores. OVERLOAD_SECONDS is the length of a part of a test.
"""

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from tests.benchmarks import checks, rows
from tests.benchmarks.house import House
from tests.system.faults.report import Report, figures
from tests.system.overload.open_loop import Answers, Flow, load, request

SECONDS = float(os.environ.get("OVERLOAD_SECONDS", "10"))
POSTS = 1_000

Measured = Mapping[str, Answers]


@dataclass
class Pinned:
    """One service on its own core."""

    house: House
    name: str
    base: str

    async def asked(self, *flows: Flow, seconds: float = SECONDS) -> Measured:
        return await load(self.base, seconds, flows)

    async def capacity(self, flow: Callable[[float], Flow], start: float) -> float:
        """C: the highest rate with no error and a p99 of at most 250 ms (R-17), to 5 %."""
        good, bad, rate = 0.0, 0.0, start
        while not bad or bad > good * 1.05:
            if await self.bears(flow(rate)) or await self.bears(flow(rate)):  # a second time, in case of a disturbance
                good = rate
            else:
                bad = rate
            rate = (good + bad) / 2 if bad else good * 1.5
        return good

    async def bears(self, flow: Flow) -> bool:
        found = (await self.asked(flow, seconds=3))[flow.name]
        return found.share() == 1.0 and found.at(0.99) <= 250

    @property
    def pid(self) -> int:
        return self.house.processes[self.name].pid

    def memory(self) -> float:
        return self.house.memory_mb(self.name)

    def refused(self) -> float:
        """The text of `/metrics`."""
        lines = httpx.get(f"{self.base}/metrics", trust_env=False).text.splitlines()
        return sum(float(line.split()[-1]) for line in lines if line.startswith("http_requests_shed_total"))


@pytest.fixture(scope="session")
def report() -> Report:
    """Replaces the report of `make faults`, whose table does not change."""
    return Report(figures("overload"))


@pytest.fixture(scope="session")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) > 1:
        os.sched_setaffinity(0, cores[1:])  # inherited by PostgreSQL and by the clients
    with House(Path(tmp_path_factory.mktemp("house"))) as house:
        yield house
    os.sched_setaffinity(0, cores)


@pytest.fixture(scope="session")
def auth(house: House) -> Pinned:
    return pinned(house, "auth")


@pytest.fixture(scope="session")
async def posts(house: House, auth: Pinned) -> Pinned:
    await rows.fill_posts(house.superuser_dsn("posts"), POSTS)
    return pinned(house, "posts")


def pinned(house: House, service: str, name: str = "", **settings: str) -> Pinned:
    base = house.start_service(service, name, **settings)
    first = min(range(os.cpu_count() or 1))
    for thread in Path(f"/proc/{house.processes[name or service].pid}/task").iterdir():
        os.sched_setaffinity(int(thread.name), {first})
    return Pinned(house, name or service, base)


@pytest.fixture(scope="session")
def person(auth: Pinned) -> checks.Person:
    return checks.sign_up_and_in(auth.base)


def bearer(person: checks.Person) -> str:
    return f"Authorization: Bearer {person.token}"


def reads(person: checks.Person) -> Callable[[float], Flow]:
    """posts' cheapest route, and so the hardest to protect: a refusal costs nearly as much."""
    requests = [request(f"/posts/{number}", bearer(person)) for number in range(1, POSTS + 1)]
    return lambda rate: Flow("reads", rate, requests)


HEALTH = Flow("health", 5, [request("/livez"), request("/readyz")])


@pytest.fixture(scope="session")
async def c(posts: Pinned, person: checks.Person) -> float:
    found = await posts.capacity(reads(person), 300)
    print(f"\nC = {found:.0f}/s")
    return found
