"""A migration waits for a database that starts, and reports any other trouble."""

import asyncio
import os
import secrets
import signal
import sys
import time
from asyncio.subprocess import PIPE

import pytest
from pydantic import PostgresDsn
from sqlalchemy import pool
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import create_async_engine

from common.db.migrations import migrate, wait_for_database
from common.settings import MigrationSettings
from deploy.local.ports import free_port
from tests.database import Template, database_at

WANTS_TLS = (80877103).to_bytes(4)
"""The end of an SSLRequest. Tests' connections ask for no TLS, unless an environment says otherwise."""


@pytest.mark.parametrize("template", ["users"], indirect=True)  # all services share the waiting
async def test_a_migration_waits_for_a_database_that_starts_later(template: Template, empty: MigrationSettings) -> None:
    """At the first start, the pods of both begin at the same time."""
    real, port = str(empty.owner_database_url), free_port()
    late = empty.model_copy(
        update={"owner_database_url": PostgresDsn(real.replace(template.server.address, f"127.0.0.1:{port}"))}
    )
    migrating = asyncio.create_task(migrate(template.migrations, late))
    await asyncio.sleep(1)
    assert not migrating.done()
    async with database_at(port, real):
        await migrating


@pytest.mark.parametrize("address", ["127.0.0.1:1", "users-db.invalid:5432"])
async def test_a_database_that_stays_away_is_reported_in_the_end(address: str) -> None:
    """Nothing listens, or its name does not exist."""
    engine = create_async_engine(f"postgresql+asyncpg://users@{address}/users", poolclass=pool.NullPool)
    began = time.monotonic()
    with pytest.raises(OSError, match=r"."):
        await wait_for_database(engine, patience=0.5)
    assert time.monotonic() - began > 0.5


@pytest.mark.parametrize(("state", "waits"), [("57P03", True), ("28P01", False), ("3D000", False)])
async def test_only_a_database_that_starts_is_waited_for(state: str, waits: bool) -> None:
    """A wrong password, or a missing database, is reported at once."""
    asked = 0

    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal asked
        asked += 1
        if (await reader.readexactly(8)).endswith(WANTS_TLS):
            writer.write(b"N")
            await reader.readexactly(8)
        await reader.read(1000)
        error = f"SFATAL\0VFATAL\0C{state}\0Mno\0\0".encode()
        writer.write(b"E" + (len(error) + 4).to_bytes(4, "big") + error)
        writer.close()

    server = await asyncio.start_server(refuse, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    engine = create_async_engine(f"postgresql+asyncpg://users@127.0.0.1:{port}/users", poolclass=pool.NullPool)
    with pytest.raises(DBAPIError):
        await wait_for_database(engine, patience=0.5)
    server.close()
    assert (asked > 1) == waits


async def test_a_withdrawn_migration_stops_at_once() -> None:
    """The first process of a container ignores SIGTERM, unless it handles it."""
    settings = {
        "OWNER_DATABASE_URL": "postgresql://users@127.0.0.1:1/users",
        "OWNER_DATABASE_PASSWORD": secrets.token_urlsafe(32),
    }
    migrating = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "users", "migrate"), env={**os.environ, **settings}, stdout=PIPE, stderr=PIPE
    )
    assert migrating.stdout
    assert b"waiting for the database" in await migrating.stdout.readline()
    migrating.send_signal(signal.SIGTERM)
    _, said = await asyncio.wait_for(migrating.communicate(), 10)
    assert (migrating.returncode, said) == (1, b"Cannot migrate: stopped by SIGTERM\n")
