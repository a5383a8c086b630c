"""Migrations: one runner at a time, and the resulting schema equals the models'."""

import asyncio
import os
import secrets
import shutil
import signal
import sys
import time
import uuid
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator
from importlib import import_module
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from alembic.script import ScriptDirectory
from pydantic import PostgresDsn
from sqlalchemy import MetaData, pool
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.ext.asyncio import create_async_engine

from common.db.migrations import migrate, wait_for_database
from common.db.schema_check import revisions
from common.settings import MigrationSettings, async_url
from deploy.local.ports import free_port
from tests.conftest import SERVICES
from tests.database import Template, database_at

LATER = Path(__file__).parents[1] / "system" / "later_revision.py"
MIGRATED = [name for name in SERVICES if (Path(__file__).parents[2] / "services" / name / "migrations").is_dir()]


@pytest.fixture(params=MIGRATED)
def template(request: pytest.FixtureRequest, templates: dict[str, Template]) -> Template:
    return templates[request.param]


@pytest.fixture
async def database(template: Template) -> AsyncIterator[MigrationSettings]:
    """A connection to a service's migrated database as its owner."""
    name = f"{template.service}_{uuid.uuid4().hex[:12]}"
    await template.clone(name)
    yield template.owner_settings(name)
    await template.drop(name)


@pytest.fixture
async def empty(template: Template) -> AsyncIterator[MigrationSettings]:
    """An empty database of the service's owner."""
    name = f"{template.service}_{uuid.uuid4().hex[:12]}"
    await template.prepare()
    await template.run(f'CREATE DATABASE "{name}" OWNER "{template.service}_owner" STRATEGY file_copy')
    yield template.owner_settings(name)
    await template.drop(name)


async def connect(settings: MigrationSettings) -> Any:
    password = settings.owner_database_password.get_secret_value()
    return await asyncpg.connect(str(settings.owner_database_url), password=password)


CATALOG = {
    "columns": """
        SELECT relname || '.' || attname, concat_ws(' ',
            format_type(atttypid, atttypmod),
            CASE WHEN attnotnull THEN 'NOT NULL' END,
            CASE attgenerated WHEN 's' THEN 'GENERATED' ELSE 'DEFAULT' END || ' ' || pg_get_expr(adbin, adrelid),
            CASE attidentity WHEN 'a' THEN 'IDENTITY ALWAYS' WHEN 'd' THEN 'IDENTITY BY DEFAULT' END)
        FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid
        LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
        WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND attnum > 0 AND NOT attisdropped
    """,
    "constraints": """
        SELECT conrelid::regclass || '.' || conname, pg_get_constraintdef(pg_constraint.oid)
        FROM pg_constraint JOIN pg_class ON pg_class.oid = conrelid
        WHERE relnamespace = 'public'::regnamespace AND contype <> 'n'
    """,  # NOT NULL has its own rows since PostgreSQL 18; the columns have it in all versions
    "indexes": "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'",
}


async def catalog(settings: MigrationSettings) -> dict[str, str]:
    """PostgreSQL's definitions of columns, constraints and indexes by name, without Alembic's own table."""
    connection = await connect(settings)
    try:
        found = {f"{kind} {row[0]}": row[1] for kind in CATALOG for row in await connection.fetch(CATALOG[kind])}
    finally:
        await connection.close()
    return {name: told for name, told in found.items() if "alembic_version" not in name}


async def create_all(settings: MigrationSettings, metadata: MetaData, functions: list[str]) -> None:
    engine = create_async_engine(
        async_url(settings.owner_database_url, settings.owner_database_password), poolclass=pool.NullPool
    )
    async with engine.begin() as connection:
        for function in functions:
            await connection.exec_driver_sql(function)
        await connection.run_sync(metadata.create_all)
    await engine.dispose()


async def prepared(settings: MigrationSettings) -> list[str]:
    """Statements for extensions and functions, which models use and migrations create."""
    connection = await connect(settings)
    try:
        extensions = await connection.fetch(
            "SELECT 'CREATE EXTENSION ' || extname FROM pg_extension WHERE extname <> 'plpgsql'"
        )
        functions = await connection.fetch(
            "SELECT pg_get_functiondef(oid) FROM pg_proc WHERE pronamespace = 'public'::regnamespace"
            " AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = pg_proc.oid AND deptype = 'e') ORDER BY oid"
        )
    finally:
        await connection.close()
    return [row[0] for row in (*extensions, *functions)]


async def test_the_models_describe_the_migrated_schema(
    template: Template, database: MigrationSettings, empty: MigrationSettings
) -> None:
    """Also checks, index predicates and defaults, which Alembic's own comparison ignores."""
    import_module(f"{template.service}.models")
    metadata = import_module(f"{template.service}.database").Base.metadata
    await create_all(empty, metadata, await prepared(database))
    migrated, described = await catalog(database), await catalog(empty)
    assert {name: told for name, told in migrated.items() if described.get(name) != told} == {}
    assert described.keys() == migrated.keys()


@pytest.mark.parametrize(
    ("template", "drift"),
    [
        ("posts", "ALTER TABLE posts DROP CONSTRAINT {check}"),
        ("posts", "ALTER TABLE posts ALTER version DROP DEFAULT"),
        ("posts", "DROP INDEX {partial}"),
    ],
    indirect=["template"],
)
async def test_a_drift_of_the_schema_is_seen(template: Template, database: MigrationSettings, drift: str) -> None:
    before = await catalog(database)
    named = {
        "check": next(
            name for name, told in before.items() if "constraints posts." in name and "CHECK" in told
        ).rpartition(".")[2],
        "partial": next(
            name for name, told in before.items() if "ON public.posts" in told and "WHERE" in told
        ).partition(" ")[2],
    }
    connection = await connect(database)
    try:
        await connection.execute(drift.format(**named))
    finally:
        await connection.close()
    assert await catalog(database) != before


@pytest.mark.parametrize("service", MIGRATED)
def test_the_names_of_files_give_the_order_of_revisions(service: str) -> None:
    folder: Path = import_module(f"{service}.database").MIGRATIONS
    by_alembic = [script.revision for script in ScriptDirectory(str(folder)).walk_revisions()]
    assert len(by_alembic) > 3
    assert revisions(folder) == by_alembic[::-1]


async def test_an_earlier_release_leaves_a_later_ones_database_alone(
    template: Template, database: MigrationSettings
) -> None:
    """A rollback deploys the earlier release's migration too."""
    connection = await connect(database)
    try:
        await connection.execute("UPDATE alembic_version SET version_num = '9999'")
        await migrate(template.migrations, database)
        assert await connection.fetchval("SELECT version_num FROM alembic_version") == "9999"
    finally:
        await connection.close()


async def test_two_runners_at_once_migrate_once(template: Template, empty: MigrationSettings) -> None:
    await asyncio.gather(*(migrate(template.migrations, empty) for _ in range(3)))
    connection = await connect(empty)
    try:
        assert await connection.fetchval("SELECT count(*) FROM alembic_version") == 1
        assert await connection.fetchval("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'") == 0
    finally:
        await connection.close()


async def test_a_second_run_changes_nothing(template: Template, database: MigrationSettings) -> None:
    connection = await connect(database)
    try:
        described = "SELECT table_name, column_name, data_type FROM information_schema.columns ORDER BY 1, 2"
        before = await connection.fetch(described)
        await migrate(template.migrations, database)
        assert await connection.fetch(described) == before
    finally:
        await connection.close()


@pytest.mark.parametrize("template", ["posts"], indirect=True)
async def test_an_index_that_was_not_finished_is_made_again(
    template: Template, database: MigrationSettings, tmp_path: Path
) -> None:
    """For example during a backup, which holds a snapshot: an invalid index of that name remains."""
    folder = tmp_path / "migrations"
    shutil.copytree(template.migrations, folder)
    backup, connection = await connect(database), await connect(database)
    valid = "SELECT indisvalid FROM pg_index WHERE indexrelid = 'ix_posts_slug'::regclass"
    try:
        before = await connection.fetchval("SELECT version_num FROM alembic_version")
        (folder / "versions" / "9999_slug.py").write_text(LATER.read_text().replace("BEFORE", before))
        async with backup.transaction(isolation="repeatable_read"):
            await backup.fetch("SELECT 1 FROM alembic_version")
            with pytest.raises(SQLAlchemyError, match="lock timeout"):
                await migrate(folder, database)
        assert await connection.fetchval(valid) is False
        await migrate(folder, database)
        assert await connection.fetchval(valid) is True
        assert await connection.fetchval("SELECT version_num FROM alembic_version") == "9999"
    finally:
        await backup.close()
        await connection.close()


async def test_what_fails_after_the_schema_is_undone_and_told(template: Template, empty: MigrationSettings) -> None:
    async def fail(connection: Any, settings: MigrationSettings) -> None:
        raise RuntimeError("no secret for svc:users")

    with pytest.raises(RuntimeError, match="svc:users"):
        await migrate(template.migrations, empty, fail)
    await migrate(template.migrations, empty)


@pytest.mark.parametrize(
    "statement", ["CREATE TABLE mine (id int)", "DROP TABLE alembic_version", "CREATE SCHEMA mine"]
)
async def test_the_serving_role_cannot_change_the_schema(
    template: Template, database: MigrationSettings, statement: str
) -> None:
    """S-48"""
    name = str(database.owner_database_url.path).lstrip("/")
    settings = template.settings(name)
    connection = await asyncpg.connect(settings["database_url"], password=settings["database_password"])
    try:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute(statement)
    finally:
        await connection.close()


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


@pytest.mark.parametrize("address", ["127.0.0.1:1", "posts-db.invalid:5432"])
async def test_a_database_that_stays_away_is_reported_in_the_end(address: str) -> None:
    """Nothing listens, or its name does not exist."""
    engine = create_async_engine(f"postgresql+asyncpg://posts@{address}/posts", poolclass=pool.NullPool)
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
        await reader.read(8)
        writer.write(b"N")  # no TLS
        await reader.read(1000)
        error = f"SFATAL\0VFATAL\0C{state}\0Mno\0\0".encode()
        writer.write(b"E" + (len(error) + 4).to_bytes(4, "big") + error)
        writer.close()

    server = await asyncio.start_server(refuse, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    engine = create_async_engine(f"postgresql+asyncpg://posts@127.0.0.1:{port}/posts", poolclass=pool.NullPool)
    with pytest.raises(DBAPIError):
        await wait_for_database(engine, patience=0.5)
    server.close()
    assert (asked > 1) == waits


async def test_a_withdrawn_migration_stops_at_once() -> None:
    """The first process of a container ignores SIGTERM, unless it handles it."""
    settings = {
        "OWNER_DATABASE_URL": "postgresql://posts@127.0.0.1:1/posts",
        "OWNER_DATABASE_PASSWORD": secrets.token_urlsafe(32),
    }
    migrating = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "posts", "migrate"), env={**os.environ, **settings}, stdout=PIPE, stderr=PIPE
    )
    assert migrating.stdout
    assert b"waiting for the database" in await migrating.stdout.readline()
    migrating.send_signal(signal.SIGTERM)
    _, said = await asyncio.wait_for(migrating.communicate(), 10)
    assert (migrating.returncode, said) == (1, b"Cannot migrate: stopped by SIGTERM\n")
