"""PostgreSQL servers and databases for tests, quick to create."""

import asyncio
import os
import secrets
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Final, Protocol, Self
from urllib.parse import urlsplit

import asyncpg

from common.db.migrations import migrate
from common.settings import MigrationSettings
from deploy.local.databases import SCRIPT, ensure_database
from deploy.local.postgres import Postgres

CHEAP: Final = {
    "autovacuum": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_wal_size": "256MB",  # it may lie in memory
    "scram_iterations": "1",
}
"""Tests create hundreds of databases and connections, and run ANALYZE themselves if they need it."""
PATIENT: Final = ("lock_timeout", "statement_timeout")
LIMIT: Final = "9s"
"""Of the services' roles, instead of 2 s and 5 s: on a busy machine a queue for one row takes longer.

asyncpg's own limit is 10 s. A test of the limits sets short ones for its database.
"""
MEMORY: Final = Path("/dev/shm")  # noqa: S108  # PostgreSQL closes its folder to other users
ROOM_IN_MEMORY: Final = 3 * 1024**3
"""More than the servers of all test processes take together."""


def server_folder(on_disk: Path) -> Path:
    """Choose a folder in memory if there is room: a database has 300 files, and creating files is slow on a disk."""
    if not MEMORY.is_dir() or shutil.disk_usage(MEMORY).free < ROOM_IN_MEMORY:
        return on_disk
    for folder in MEMORY.glob("trivium-tests-*"):
        if not Path("/proc", folder.name.rpartition("-")[2]).exists():  # that test run was killed
            shutil.rmtree(folder, ignore_errors=True)
    return MEMORY / f"trivium-tests-{os.getpid()}"


class Server(Protocol):
    """A PostgreSQL server for tests' databases."""

    @property
    def dsn(self) -> str:
        """The superuser's address."""

    @property
    def address(self) -> str:
        """host:port"""

    def ensure(self, service: str, owner_password: str, password: str) -> None:
        """Run deploy/postgres/service-database.sql."""


class EmbeddedServer:
    """The wheel's PostgreSQL, without fsync, since the data are temporary."""

    def __init__(self, folder: Path) -> None:
        self.postgres = Postgres(folder, fsync=False, settings=CHEAP)

    def __enter__(self) -> Self:
        self.postgres.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.postgres.remove()  # its folder may be a substitute outside of pytest's folder, see usable_home

    @property
    def dsn(self) -> str:
        return self.postgres.dsn

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.postgres.port}"

    def ensure(self, service: str, owner_password: str, password: str) -> None:
        ensure_database(self.postgres, service, owner_password=owner_password, password=password)


class DockerServer:
    """A container of postgres:17."""

    def __init__(self) -> None:
        # only here: each test process would load a client of Docker
        from testcontainers.community.postgres import PostgresContainer

        self.container = PostgresContainer(
            "postgres:17", username="postgres", password=secrets.token_urlsafe(), driver=None
        )
        self.container.with_volume_mapping(str(SCRIPT), "/service-database.sql", "ro")
        self.container.with_command("postgres -c fsync=off -c max_connections=200")

    def __enter__(self) -> Self:
        self.container.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.container.stop()

    @property
    def dsn(self) -> str:
        return self.container.get_connection_url()

    @property
    def address(self) -> str:
        return f"{self.container.get_container_host_ip()}:{self.container.get_exposed_port(5432)}"

    def ensure(self, service: str, owner_password: str, password: str) -> None:
        variables = {"service": service, "owner_password": owner_password, "password": password}
        options = [f"--set={name}={value}" for name, value in variables.items()]
        done = self.container.exec(["psql", "-U", "postgres", "-q", "-f", "/service-database.sql", *options])
        assert done.exit_code == 0, done.output


@dataclass
class Template:
    """A service's migrated database, with its production roles. Cloning takes 30 to 90 ms."""

    server: Server
    service: str
    password: str = field(default_factory=lambda: secrets.token_urlsafe(32))
    owner_password: str = field(default_factory=lambda: secrets.token_urlsafe(32))
    migrated: bool = False
    migrating: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def prepare(self) -> None:
        """Create the template and the roles, unless they exist."""
        async with self.migrating:
            if not self.migrated:
                self.server.ensure(self.service, self.owner_password, self.password)
                for limit in PATIENT:
                    await self.run(f"ALTER ROLE {self.service} SET {limit} = '{LIMIT}'")
                await migrate(self.migrations, self.owner_settings(self.service))
                self.migrated = True

    async def clone(self, name: str) -> None:
        await self.prepare()
        copied = f'TEMPLATE "{self.service}" STRATEGY file_copy'  # half of the default's cost
        await self.run(f'CREATE DATABASE "{name}" OWNER "{self.service}_owner" {copied}')

    async def drop(self, name: str) -> None:
        await self.run(f'DROP DATABASE "{name}" WITH (FORCE)')

    async def run(self, statement: str) -> None:
        connection = await asyncpg.connect(self.server.dsn)
        try:
            await connection.execute(statement)
        finally:
            await connection.close()

    @property
    def migrations(self) -> Path:
        migrations: Path = import_module(f"{self.service}.database").MIGRATIONS
        return migrations

    def migrations_up_to(self, revision: str, folder: Path) -> Path:
        """A copy without later migrations, so that a test of one migration does not depend on its successors."""
        migrations = folder / revision
        shutil.copytree(self.migrations, migrations)
        for path in (migrations / "versions").glob("[0-9]*.py"):
            if path.name[:4] > revision:
                path.unlink()
        return migrations

    def settings(self, name: str) -> dict[str, str]:
        url = f"postgresql://{self.service}@{self.server.address}/{name}"
        return {"database_url": url, "database_password": self.password}

    def owner_settings(self, name: str) -> MigrationSettings:
        return MigrationSettings.model_validate(
            {
                "owner_database_url": f"postgresql://{self.service}_owner@{self.server.address}/{name}",
                "owner_database_password": self.owner_password,
            }
        )


@asynccontextmanager
async def database_at(port: int, real: str, delay: float = 0) -> AsyncIterator[None]:
    """Make the database available: the port forwards to the real one until the end of the block.

    `delay`: seconds from a connection until it is forwarded.
    """
    address = urlsplit(real)
    ends: list[asyncio.StreamWriter] = []

    async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await reader.read(65536):
                writer.write(data)
                await writer.drain()
        except ConnectionError:
            pass
        finally:
            writer.close()

    async def connect(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        ends.append(writer)
        await asyncio.sleep(delay)
        if writer.is_closing():
            return
        there = await asyncio.open_connection(address.hostname, address.port)
        ends.append(there[1])
        await asyncio.gather(pump(reader, there[1]), pump(there[0], writer))

    server = await asyncio.start_server(connect, "127.0.0.1", port)
    yield
    server.close()
    for end in ends:
        end.close()
