"""What a connection through PgBouncer in transaction mode keeps and loses: `make test-pooler`."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, Final

import asyncpg
import pytest

from tests.system.pooler.conftest import PREPARES_SINCE, PooledStack, note
from tests.system.pooler.pgbouncer import version
from tests.waiting import eventually

pytestmark = pytest.mark.pooler
LIMITS: Final = {
    "statement_timeout": "5s",
    "lock_timeout": "2s",
    "idle_in_transaction_session_timeout": "10s",
    "client_connection_check_interval": "1s",
    "work_mem": "16MB",
    "jit": "off",
    "search_path": '"$user", public',
}
PASSED_ON: Final = {"client_encoding", "application_name", "DateStyle", "TimeZone", "IntervalStyle", "search_path"}
"""Settings of a client's startup that PgBouncer repeats at each server."""
LEFT: Final = """
SELECT (SELECT array_agg(name) FROM pg_settings WHERE source = 'session') AS settings,
    (SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()) AS locks,
    (SELECT count(*) FROM pg_listening_channels()) AS channels, pg_backend_pid() AS pid, pg_sleep(0.3)
"""
RUNNING: Final = "SELECT count(*) FROM pg_stat_activity WHERE usename = 'posts' AND query LIKE 'SELECT pg_sleep%'"
ACTIVE: Final = f"{RUNNING} AND state = 'active'"
HARMLESS: Final = {"jit"}
"""asyncpg turns it off while it looks up a type, possibly at another server than the one where it restores it.

The services' roles have it off anyway.
"""
CLIENTS: Final = 100
"""More than both poolers have servers, fewer than they take clients."""


async def connect(pooled: PooledStack) -> "asyncpg.Connection[Any]":
    """As a service connects."""
    kept = 100 if version() >= PREPARES_SINCE else 0
    return await asyncpg.connect(pooled.address("posts"), command_timeout=10, statement_cache_size=kept)


@asynccontextmanager
async def connections(pooled: PooledStack, count: int) -> AsyncIterator[list["asyncpg.Connection[Any]"]]:
    async with AsyncExitStack() as closing:
        made = []
        for _ in range(count):
            made.append(await connect(pooled))
            closing.callback(made[-1].terminate)
        yield made


@asynccontextmanager
async def superuser(pooled: PooledStack) -> AsyncIterator["asyncpg.Connection[Any]"]:
    connection = await asyncpg.connect(pooled.postgres.dsn)
    try:
        yield connection
    finally:
        await connection.close()


async def test_the_limits_of_the_role_apply(pooled: PooledStack) -> None:
    """`ALTER ROLE` sets them, since PgBouncer refuses most parameters of a client's startup."""
    async with connections(pooled, 1) as (one,):
        assert {name: await one.fetchval("SELECT current_setting($1)", name) for name in LIMITS} == LIMITS
        with pytest.raises(asyncpg.QueryCanceledError, match="statement timeout"):
            await one.execute("SELECT pg_sleep(6)")


async def test_what_a_transaction_sets_and_locks_ends_with_it(pooled: PooledStack) -> None:
    async with connections(pooled, 20) as some:
        for one in some:
            async with one.transaction():
                await one.execute("SET LOCAL enable_bitmapscan = off; SELECT pg_advisory_xact_lock(7)")
                assert await one.fetchval("SHOW enable_bitmapscan") == "off"
        assert {await one.fetchval("SHOW enable_bitmapscan") for one in some} == {"on"}


async def test_more_statements_than_the_pooler_keeps_are_prepared_again(pooled: PooledStack) -> None:
    """PgBouncer keeps 200 for each server, asyncpg 100 for each connection."""
    async with connections(pooled, 3) as some:
        for number in range(250):
            found = await asyncio.gather(*(one.fetchval(f"SELECT $1::int + {number}", 1) for one in some))
            assert found == [number + 1] * 3


async def test_a_changed_table_ends_no_connection(pooled: PooledStack) -> None:
    """A migration adds a column beside those that a prepared statement names, and drops it again."""
    owner = await asyncpg.connect(pooled.owner_address("posts"))
    async with connections(pooled, 10) as some:
        for change in ("ADD COLUMN mood text", "ALTER COLUMN mood SET DEFAULT 'calm'", "DROP COLUMN mood"):
            await asyncio.gather(*(one.fetch("SELECT id, title FROM posts LIMIT 1") for one in some))
            await owner.execute(f"ALTER TABLE posts {change}")
        await asyncio.gather(*(one.fetch("SELECT id, title FROM posts LIMIT 1") for one in some))
    await owner.close()


async def test_nobody_has_left_anything_in_a_server_connection(pooled: PooledStack) -> None:
    """After the other tests' load: no service uses SET, session locks or LISTEN on a pooled connection."""
    async with connections(pooled, CLIENTS) as some:
        found = [row for (row,) in await asyncio.gather(*(one.fetch(LEFT) for one in some))]
    assert {name for one in found for name in one["settings"] or ()} <= PASSED_ON | HARMLESS
    assert {(one["locks"], one["channels"]) for one in found} == {(0, 0)}
    assert len({one["pid"] for one in found}) > 10


async def test_poolers_open_no_more_connections_than_their_pools_have(pooled: PooledStack) -> None:
    spec = pooled.poolers["posts"].manifest["spec"]
    most = spec["instances"] * int(spec["pgbouncer"]["parameters"]["default_pool_size"])
    async with superuser(pooled) as watching, connections(pooled, CLIENTS) as some:
        sleeping = [asyncio.create_task(one.execute("SELECT pg_sleep(0.5)")) for one in some]
        seen = 0
        while not all(task.done() for task in sleeping):
            seen = max(seen, await watching.fetchval(ACTIVE))
            await asyncio.sleep(0.05)
        await asyncio.gather(*sleeping)
    note(what="active statements of 100 clients", most=most, seen=seen)
    assert most / 2 < seen <= most


async def test_statements_of_clients_that_are_gone_end_within_seconds(pooled: PooledStack) -> None:
    """PgBouncer closes their server connections and opens others, but PostgreSQL runs them on.

    Half of all requests to cancel are lost, since they reach the other instance of the pooler. Without
    `client_connection_check_interval`, such statements would hold connections beyond the pools for 5 s.
    """
    async with superuser(pooled) as watching:
        async with connections(pooled, 30) as some:
            sleeping = [asyncio.create_task(one.execute("SELECT pg_sleep(4.5)")) for one in some]
            await eventually(lambda: watching.fetchval(f"SELECT ({ACTIVE}) = 30"))
        await asyncio.gather(*sleeping, return_exceptions=True)
        began = asyncio.get_running_loop().time()

        async def all_ended() -> bool:
            return bool(await watching.fetchval(ACTIVE) == 0)

        await eventually(all_ended)
        took = asyncio.get_running_loop().time() - began
    note(what="statements of 30 clients that are gone", ended_after_s=round(took, 1))
    assert took < 3
