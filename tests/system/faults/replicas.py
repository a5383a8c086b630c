"""Two processes of auth on one database, one of which is killed at a moment that PostgreSQL holds open.

A gate is a trigger on a table. A transaction that changes the table waits there: in the statement, or in its commit.
Killed in the statement, the process leaves nothing behind. Killed in the commit, it leaves everything but the answer.
"""

import asyncio
import contextlib
import os
import sys
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, TypeAlias

import asyncpg
from httpx import AsyncClient, TransportError

from deploy.local.ports import free_port
from tests.waiting import GENEROUS, eventually, in_time

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"
KEY: Final = 20260131
"""Of the advisory lock that keeps the gate closed."""
SETTLE: Final = 0.05
"""Seconds in which the other process's requests reach the database."""
MAKE: Final = f"""
CREATE FUNCTION wait_at_gate() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN PERFORM pg_advisory_xact_lock_shared({KEY}); RETURN NULL; END $$
"""
CLOSE: Final = """
CREATE CONSTRAINT TRIGGER gate AFTER INSERT OR UPDATE OR DELETE ON "{table}" {when}
FOR EACH ROW EXECUTE FUNCTION wait_at_gate()
"""
WAITING: Final = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = $1 AND NOT granted"


class Moment(StrEnum):
    """When the process is killed."""

    statement = "in a statement"
    commit = "in its commit"


WHEN: Final[Mapping[Moment, str]] = {
    Moment.statement: "NOT DEFERRABLE",
    Moment.commit: "DEFERRABLE INITIALLY DEFERRED",
}


@dataclass
class Gate:
    """Transactions wait at it, until it is opened."""

    database: Connection

    async def until_reached(self) -> None:
        await eventually(lambda: self.database.fetchval(WAITING, KEY))

    async def open(self) -> None:
        await self.database.execute("SELECT pg_advisory_unlock_all()")


@asynccontextmanager
async def gate(database: Connection, table: str, moment: Moment) -> AsyncIterator[Gate]:
    """Hold the transactions that change a table. Leave only once no request is under way."""
    await database.execute("SELECT pg_advisory_lock($1)", KEY)
    await database.execute(CLOSE.format(table=table, when=WHEN[moment]))
    closed = Gate(database)
    try:
        yield closed
    finally:
        await closed.open()
        await database.execute(f'DROP TRIGGER gate ON "{table}"')


@dataclass
class Replica:
    """One process of auth."""

    environment: Mapping[str, str]
    port: int = field(default_factory=free_port)
    process: asyncio.subprocess.Process | None = None
    starting: asyncio.Task[None] | None = None

    @property
    def client(self) -> AsyncClient:
        return AsyncClient(base_url=f"http://127.0.0.1:{self.port}", timeout=GENEROUS, trust_env=False)

    def start(self) -> None:
        """Begin to start; `until_ready` waits for the end."""
        self.starting = asyncio.create_task(self._start())

    async def until_ready(self) -> None:
        assert self.starting
        await in_time(self.starting)

    async def kill(self) -> float:
        """The seconds until a probe sees it."""
        assert self.process
        async with self.client as client:
            began = time.monotonic()
            self.process.kill()
            await self.process.wait()
            assert not await is_ready(client)
        return time.monotonic() - began

    async def end(self) -> None:
        await self.until_ready()
        await self.kill()

    async def _start(self) -> None:
        command = (sys.executable, "-m", "auth", "serve", "--port", str(self.port))
        environment = {**os.environ, **self.environment}
        environment.pop("PYTHONDONTWRITEBYTECODE", None)  # compiling our modules at each start takes seconds
        self.process = await asyncio.create_subprocess_exec(*command, env=environment)
        async with self.client as client:  # one for all probes: each new one reads the certificates of all authorities
            await eventually(lambda: is_ready(client), pause=0.1)


async def is_ready(client: AsyncClient) -> bool:
    with contextlib.suppress(TransportError):
        return (await client.get("/readyz")).status_code == 200
    return False


@dataclass
class Pair:
    """Two of them, which take turns in being killed."""

    first: Replica
    second: Replica

    async def next(self) -> tuple[Replica, Replica]:
        """The one to be killed, and the one that stays; both are ready."""
        await asyncio.gather(self.first.until_ready(), self.second.until_ready())
        self.first, self.second = self.second, self.first
        return self.second, self.first


@asynccontextmanager
async def two_replicas(environment: Mapping[str, str], database: Connection) -> AsyncIterator[Pair]:
    await database.execute(MAKE)
    pair = Pair(Replica(environment), Replica(environment))
    pair.first.start()
    pair.second.start()
    yield pair
    await asyncio.gather(pair.first.end(), pair.second.end())
