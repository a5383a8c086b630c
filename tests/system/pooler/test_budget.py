"""The connection budget of deploy/kubernetes/budget.py, and the connections under load: `make test-pooler`."""

import asyncio
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Final

import asyncpg
import pytest
from httpx import AsyncClient, HTTPError

from deploy.kubernetes import budget
from deploy.services import STARTED
from tests.system.conftest import Meet, Person
from tests.system.pooler.conftest import PooledStack, note
from tests.system.pooler.pgbouncer import LOOKS_UP, SINCE, Pooler, version

pytestmark = pytest.mark.pooler
SECONDS: Final = 20.0
HELD: Final = 1.5
"""Less than the services' lock_timeout of 2 s."""
TABLE: Final = """
SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename IN ('accounts', 'profiles', 'posts')
"""
"""Each service has one of them, which its requests read."""
AT_ONCE: Final = 400
"""Requests under way: more than all replicas of posts have connections."""
BACKENDS: Final = "SELECT usename FROM pg_stat_activity WHERE backend_type = 'client backend'"


@dataclass
class Maxima:
    """The most connections at one moment, by service."""

    clients: Counter[str] = field(default_factory=Counter)
    """Of replicas at the poolers."""
    servers: Counter[str] = field(default_factory=Counter)
    """Of the poolers at the database, as they say themselves."""
    backends: Counter[str] = field(default_factory=Counter)
    """Of a role at the database, as it says itself: of the poolers and the relays."""

    async def watch(self, pooled: PooledStack, until: float) -> None:
        watching = await asyncpg.connect(pooled.postgres.dsn)
        try:
            while time.monotonic() < until:
                backends = Counter(str(row["usename"]) for row in await watching.fetch(BACKENDS))
                self.backends |= backends
                for service, pooler in pooled.poolers.items():
                    clients, servers = await asyncio.to_thread(counted, pooler, service)
                    self.clients |= Counter({service: clients})
                    self.servers |= Counter({service: servers})
        finally:
            await watching.close()


def counted(pooler: Pooler, service: str) -> tuple[int, int]:
    """Clients and servers of a pooler's instances."""
    rows = [row for row in pooler.say("SHOW POOLS") if row["database"] == service and row["user"] == service]
    clients = sum(int(row["cl_active"]) + int(row["cl_waiting"]) for row in rows)
    return clients, sum(int(number) for row in rows for name, number in row.items() if name.startswith("sv_"))


async def ask(client: AsyncClient, person: Person, number: int) -> int:
    """A read, a write, or a sign-in; returns its status, or 0."""
    try:
        match number % 8:
            case 0:
                new = {"title": f"Number {number}", "body": "b"}
                return (await client.post("/posts", json=new, headers=person.headers)).status_code
            case 1:
                bio = {"bio": f"as of {number}"}
                return (await client.patch("/users/me", json=bio, headers=person.headers)).status_code
            case 2 if number % 5 == 0:
                form = {"username": person.email, "password": person.password}
                return (await client.post("/auth/token", data=form)).status_code
            case 3:
                return (await client.get(f"/users/{person.id}", headers=person.headers)).status_code
            case _:
                return (await client.get("/posts?limit=20", headers=person.headers)).status_code
    except HTTPError:
        return 0


async def hold_up(pooled: PooledStack, service: str, until: float) -> None:
    """Lock a table again and again, so that requests wait for it with their connections."""
    owner = await asyncpg.connect(pooled.owner_address(service))
    try:
        await owner.execute("SET lock_timeout = 0")
        table = await owner.fetchval(TABLE)
        while time.monotonic() < until:
            async with owner.transaction():
                await owner.execute(f"LOCK TABLE {table}")
                await asyncio.sleep(HELD)
            await asyncio.sleep(HELD)
    finally:
        await owner.close()


async def test_no_more_connections_than_the_budget_says(pooled: PooledStack, gateway: AsyncClient, meet: Meet) -> None:
    """A closed loop with more requests than all pools have connections. A locked table makes them last."""
    people = [await meet(f"Person {number}") for number in range(10)]
    until, seen, answers = time.monotonic() + SECONDS, Maxima(), Counter[int]()

    async def go_on(first: int) -> None:
        number = first
        while time.monotonic() < until:
            answers[await ask(gateway, people[first % len(people)], number)] += 1
            number += AT_ONCE + 1

    holding = [hold_up(pooled, service, until) for service in STARTED]
    await asyncio.gather(seen.watch(pooled, until), *holding, *(go_on(first) for first in range(AT_ONCE)))
    for service in STARTED:
        replicas = int(pooled.stack.environment[f"REPLICAS_{service.upper()}" if service == "posts" else "REPLICAS"])
        one = budget.per_process(pooled.manifests, service)
        (relay,) = budget.by_name(pooled.manifests, "Deployment", f"{service}-relay")
        spec = pooled.poolers[service].manifest["spec"]
        computed = {
            "clients": replicas * one,
            "servers": spec["instances"] * int(spec["pgbouncer"]["parameters"]["default_pool_size"]),
            "relays": relay["spec"]["replicas"] * one,
        }
        most = {"clients": seen.clients[service], "servers": seen.servers[service], "backends": seen.backends[service]}
        note(what=f"connections of {service}", replicas=replicas, computed=computed, most=most)
        assert replicas < most["clients"] <= computed["clients"]
        assert replicas < most["servers"] <= computed["servers"]
        assert most["servers"] / 2 < most["backends"] <= computed["servers"] + computed["relays"]
    looks_up = seen.backends[LOOKS_UP]
    note(what="connections of all poolers that look up passwords", most=looks_up)
    assert (version() >= SINCE["auth_dbname"]) <= looks_up <= len(pooled.poolers) * budget.RESERVED
    note(what="answers during that", seconds=SECONDS, **{str(status): count for status, count in answers.items()})
    assert answers[200] > 100
