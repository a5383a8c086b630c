"""Migrations: one runner at a time, and the schema that they make is the one that the models describe."""

import asyncio
import shutil
import uuid
from collections.abc import AsyncIterator
from importlib import import_module
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, MetaData, pool
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import create_async_engine

from common.migrations import migrate
from common.settings import MigrationSettings, async_url
from tests.conftest import SERVICES
from tests.database import Template

LATER = Path(__file__).parents[1] / "system" / "later_revision.py"
MIGRATED = [name for name in SERVICES if (Path(__file__).parents[2] / "services" / name / "migrations").is_dir()]


@pytest.fixture(params=MIGRATED)
def template(request: pytest.FixtureRequest, templates: dict[str, Template]) -> Template:
    return templates[request.param]


@pytest.fixture
async def database(template: Template) -> AsyncIterator[MigrationSettings]:
    """A migrated database of the service, as its owner sees it."""
    name = f"{template.service}_{uuid.uuid4().hex[:12]}"
    await template.clone(name)
    yield template.owner_settings(name)
    await template.drop(name)


@pytest.fixture
async def empty(template: Template) -> AsyncIterator[MigrationSettings]:
    """A database with nothing in it that belongs to the service's owner."""
    name = f"{template.service}_{uuid.uuid4().hex[:12]}"
    await template.clone(name)
    await template.drop(name)
    await template.run(f'CREATE DATABASE "{name}" OWNER "{template.service}_owner"')
    yield template.owner_settings(name)
    await template.drop(name)


async def connect(settings: MigrationSettings) -> Any:
    password = settings.owner_database_password.get_secret_value()
    return await asyncpg.connect(str(settings.owner_database_url), password=password)


def differences(connection: Connection, metadata: MetaData) -> list[Any]:
    return list(compare_metadata(MigrationContext.configure(connection, opts={"compare_type": True}), metadata))


async def test_the_models_describe_the_migrated_schema(template: Template, database: MigrationSettings) -> None:
    import_module(f"{template.service}.models")
    metadata = import_module(f"{template.service}.database").Base.metadata
    engine = create_async_engine(
        async_url(database.owner_database_url, database.owner_database_password), poolclass=pool.NullPool
    )
    async with engine.connect() as connection:
        found = await connection.run_sync(differences, metadata)
    assert found == []
    assert metadata.tables


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
    """As when a backup, which holds a snapshot, is made meanwhile: the index stays behind, invalid, by its name."""
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
