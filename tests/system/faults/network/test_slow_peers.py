"""A peer that is slow, cuts off answers or sends 503 delays only its callers, and only for a limited time (R-09, R-16).

The calls are for names of unknown authors: each read of their posts makes posts call users.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest
from httpx import AsyncClient

from tests.system.conftest import Meet, Person
from tests.system.faults.network.conftest import SECONDS, LinkedStack, until
from tests.system.faults.network.link import CUT, UNAVAILABLE, Trouble
from tests.system.faults.report import Report

ASKED = ("posts", "users")
DEADLINE = 2.0
BUSY = 0.6
"""Seconds of tolerance for this machine."""
TROUBLES = {
    "+30 s": Trouble(delay=30),
    "1 byte/s": Trouble(trickles=True),
    "half an answer": Trouble(answer_bytes=60),
    "resets": Trouble(loses=1.0),
    "+2 s": Trouble(delay=2),
    "+200 ms and 5 % loss": Trouble(delay=0.2, loses=0.05),
}
SOME = {name: TROUBLES[name] for name in ("1 byte/s", "half an answer", "+200 ms and 5 % loss")}
HARMLESS = "+200 ms and 5 % loss"
"""Must run last: names that have arrived stay."""


@dataclass
class Nameless:
    """Published posts whose authors are unknown to posts while it cannot reach users."""

    gateway: AsyncClient
    ids: Sequence[int]
    took: list[float] = field(default_factory=list)
    named: int = 0

    async def look(self, post_id: int) -> None:
        started = time.monotonic()
        reply = await self.gateway.get(f"/posts/{post_id}")
        self.took.append(time.monotonic() - started)
        assert reply.status_code == 200, reply.text
        self.named += reply.json()["author"]["name"] is not None

    async def look_for(self, seconds: float) -> None:
        """Read all of them, ten times a second."""
        looks = []
        for _ in range(max(1, int(seconds * 10))):
            looks += [asyncio.create_task(self.look(post_id)) for post_id in self.ids]
            await asyncio.sleep(0.1)
        await asyncio.gather(*looks)

    async def all_named(self) -> bool:
        self.named = 0
        await self.look_for(0.1)
        return self.named == len(self.ids)


@pytest.fixture
async def nameless(linked: LinkedStack, gateway: AsyncClient, meet: Meet) -> Nameless:
    """posts gets no events about them, and cannot reach users when they write."""
    linked.suffer(CUT, ("auth", "posts"), ("users", "posts"))
    linked.suffer(Trouble(says=UNAVAILABLE), ASKED)
    people = [await meet(f"Nameless {number}") for number in range(5)]
    new = {"title": "t", "body": "b"}
    written = [await gateway.post("/posts", json=new, headers=person.headers) for person in people]
    assert {reply.json()["author"]["name"] for reply in written} == {None}
    return Nameless(gateway, [reply.json()["id"] for reply in written])


@asynccontextmanager
async def others(gateway: AsyncClient, person: Person) -> AsyncIterator[list[float]]:
    """Use routes that do not depend on the faulty peer; returns the duration of each answer."""
    took: list[float] = []

    async def go_on() -> None:
        while True:
            for path in (f"/posts?author_id={person.id}", "/users/me", "/posts/feed", "/auth/me"):
                started = time.monotonic()
                assert (await gateway.get(path, headers=person.headers)).status_code == 200
                took.append(time.monotonic() - started)
            await asyncio.sleep(0.02)

    going_on = asyncio.create_task(go_on())
    try:
        yield took
        assert not going_on.done(), "all were answered"
    finally:
        going_on.cancel()
        await asyncio.gather(going_on, return_exceptions=True)


async def answered_calls(linked: LinkedStack) -> tuple[float, float]:
    """The number of calls from posts to users, and their total seconds."""
    count, seconds = [
        await linked.shows("posts", f"client_call_duration_seconds_{kind}", peer="users", outcome="answered")
        for kind in ("count", "sum")
    ]
    return count, seconds


def p99(took: Sequence[float]) -> float:
    return sorted(took)[int(len(took) * 0.99)]


@pytest.mark.faults
async def test_a_slow_peer_costs_a_bounded_time_and_others_nothing(
    linked: LinkedStack, gateway: AsyncClient, people: list[Person], nameless: Nameless, report: Report
) -> None:
    """R-09: meanwhile names are missing, but never posts; services pass on the deadline."""
    link = linked.links[ASKED]
    async with others(gateway, people[0]) as took:
        await asyncio.sleep(2)
        baseline = p99(took)
        link.deadlines.clear()
        for name, trouble in TROUBLES.items() if SECONDS >= 10 else SOME.items():
            link.suffer(trouble)
            since, failed = time.time(), await linked.shows("posts", "client_calls_total", outcome="failed")
            calls, seconds = await answered_calls(linked)
            took.clear()
            nameless.took.clear()
            await nameless.look_for(max(1.0, SECONDS / 6))
            assert p99(nameless.took) <= DEADLINE + BUSY, name
            assert p99(took) <= 2 * baseline + BUSY, name
            if name == HARMLESS:
                await until(f"{name}: everybody has a name", nameless.all_named, 10)
                later = await answered_calls(linked)
                assert (later[1] - seconds) / (later[0] - calls) >= trouble.delay, name
                places: Sequence[str] = ("`client_call_duration_seconds`",)
            else:
                assert nameless.named == 0, name
                assert await linked.shows("posts", "client_calls_total", outcome="failed") > failed, name
                assert linked.logged("posts", "call failed", since), name
                places = ("`client_calls`", "log")
            seen = dict.fromkeys(places, time.time() - since)
            verdict = f"who needs it waits {max(nameless.took):.1f} s at most, others {p99(took) * 1000:.0f} ms (p99)"
            report.fault(row="R-09", fault=f"users answers posts with {name}", seen=seen, verdict=verdict)
    assert link.deadlines, "X-Deadline-Ms is passed on"
    assert 0 < min(link.deadlines) <= max(link.deadlines) <= DEADLINE * 1000


@pytest.mark.faults
async def test_a_peer_in_trouble_is_not_stormed_and_used_again_soon(
    linked: LinkedStack, nameless: Nameless, report: Report
) -> None:
    """R-16: it gets at most 1.1 requests per call, and far fewer once the breaker is open."""
    link = linked.links[ASKED]

    async def calls() -> float:
        return await linked.shows("posts", "client_calls_total", peer="users")

    async def left_alone() -> bool:
        return await linked.shows("posts", "client_breaker", peer="users", state="closed") == 0

    looking = asyncio.create_task(nameless.look_for(2.0))
    opened = await until("users is left alone", left_alone, 5)
    await looking
    looks = len(nameless.took)
    before, link.requests = await calls(), 0
    await nameless.look_for(max(1.0, SECONDS / 2))
    made, seen, looks = await calls() - before, link.requests, len(nameless.took) - looks
    assert made >= looks > seen
    assert seen <= 1.1 * made
    assert await linked.shows("posts", "client_breaker", peer="users", state="closed") == 0
    linked.heal()
    nameless.took.clear()

    seconds = await until("everybody has a name", nameless.all_named, 10)
    nameless.took.clear()
    await nameless.look_for(0.5)
    assert p99(nameless.took) <= 0.25 + BUSY
    verdict = f"{seen} tries of {made:.0f} calls reached it"
    report.fault(
        row="R-16",
        fault="users answers posts 503",
        recovery_s=seconds,
        seen={"`client_breaker`": opened},
        verdict=verdict,
    )
