"""Services are killed while people use them; in the end every read model equals its owner's state (R-02, R-03).

KILLS=100 is what `make faults` does; the run in .ci/run is shorter.
"""

import asyncio
import os
import random
import signal
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import pytest
from httpx import AsyncClient, Response, TransportError

from tests.system.conftest import LocalStack, Meet, Person

KILLS = int(os.environ.get("KILLS", "4"))
SEED = int(os.environ.get("SEED", "20261122"))
READ_MODELS = (
    ("users", "profiles"),
    ("users", "authored"),
    ("posts", "authors"),
    ("posts", "follows"),
    ("posts", "blocks"),
)
PEOPLE = 8


@dataclass
class Ledger:
    """What was answered, by title of the post: only `ok` and `fail` promise anything."""

    ok: dict[str, int] = field(default_factory=dict)
    failed: set[str] = field(default_factory=set)
    unknown: set[str] = field(default_factory=set)
    writes: int = 0


async def send(call: Awaitable[Response]) -> Response | None:
    """None when nobody can know whether it was done."""
    try:
        reply = await call
    except TransportError:
        return None
    return None if reply.status_code in (502, 503, 504) else reply


async def use(gateway: AsyncClient, me: Person, others: list[Person], chance: random.Random, ledger: Ledger) -> None:
    """One thing that somebody does."""
    ledger.writes += 1
    match chance.choice(["post", "post", "rename", "follow", "unfollow"]):
        case "post":
            title = f"{me.id} {ledger.writes}"
            new = {"title": title, "body": "b", "tags": ["kills"]}
            reply = await send(gateway.post("/posts", json=new, headers=me.headers))
            if reply is None:
                ledger.unknown.add(title)
            elif reply.status_code == 201:
                ledger.ok[title] = reply.json()["id"]
            else:
                ledger.failed.add(title)
        case "rename":
            new = {"name": f"name {ledger.writes}"}
            await send(gateway.patch("/users/me", json=new, headers=me.headers))
        case "follow":
            await send(gateway.put(f"/users/{chance.choice(others).id}/follow", headers=me.headers))
        case "unfollow":
            await send(gateway.delete(f"/users/{chance.choice(others).id}/follow", headers=me.headers))


async def kill_again_and_again(stack: LocalStack, chance: random.Random) -> None:
    for _ in range(KILLS):
        await asyncio.sleep(chance.uniform(0.2, 1.0))
        pids = stack.pids()
        services = sorted(pids.keys() - {"postgres", "gateway"})
        if services:
            os.kill(pids[chance.choice(services)], signal.SIGKILL)
            await asyncio.sleep(chance.uniform(0.5, 2.0))


async def until(what: str, holds: Callable[[], Awaitable[bool]], seconds: float) -> float:
    started = time.monotonic()
    while not await holds():
        assert time.monotonic() - started < seconds, what
        await asyncio.sleep(0.2)
    return time.monotonic() - started


@pytest.mark.faults
async def test_nothing_is_lost_or_done_twice_when_services_are_killed(
    local_stack: LocalStack, gateway: AsyncClient, meet: Meet
) -> None:
    """R-02, R-03: lost = dup = ghost = torn = 0, and nobody has to help."""
    chance = random.Random(SEED)
    people = [await meet(f"Person {number}") for number in range(PEOPLE)]
    ledger = Ledger()
    killing = asyncio.create_task(kill_again_and_again(local_stack, chance))

    async def live(me: Person) -> None:
        own = random.Random(me.id)
        others = [person for person in people if person is not me]
        while not killing.done():
            await use(gateway, me, others, own, ledger)
            await asyncio.sleep(own.uniform(0.0, 0.15))

    await asyncio.gather(*(live(person) for person in people), killing)

    async def all_up() -> bool:
        return (await asyncio.to_thread(local_stack.run, "status")).returncode == 0

    async def all_told() -> bool:
        """Nothing waits in any outbox: the lines below the heading are gone."""
        told = [
            await asyncio.to_thread(local_stack.run, "run", who, "outbox", "status")
            for who in ("auth", "users", "posts")
        ]
        return all(one.returncode == 0 and len(one.stdout.splitlines()) == 1 for one in told)

    await until("all processes are back", all_up, 30)
    await until("all events are delivered", all_told, 30)
    for service, name in READ_MODELS:
        compared = await asyncio.to_thread(local_stack.run, "run", service, "reconcile", name)
        assert compared.returncode == 0, f"{service} {name}: {compared.stdout}{compared.stderr}"

    found: dict[str, list[int]] = {}
    counts: dict[int, int] = {}
    url = "/posts?tag=kills&limit=100"
    while url:
        page = await gateway.get(url)
        for post in page.json()["items"]:
            found.setdefault(post["title"], []).append(post["id"])
            counts[post["author"]["id"]] = counts.get(post["author"]["id"], 0) + 1
        url = page.links["next"]["url"] if page.links else ""
    assert ledger.ok.items() <= {title: ids[0] for title, ids in found.items()}.items(), "lost"
    assert all(len(ids) == 1 for ids in found.values()), "done twice"
    assert not ledger.failed & found.keys(), "refused, yet there"
    assert found.keys() <= ledger.ok.keys() | ledger.unknown, "from nowhere"
    for person in people:
        profile = (await gateway.get(f"/users/{person.id}")).json()
        assert profile["posts_count"] == counts.get(person.id, 0)
        followers = (await gateway.get(f"/users/{person.id}/followers?limit=100", headers=person.headers)).json()
        assert profile["followers_count"] == len(followers["items"])
    assert ledger.ok, "somebody has written something"
