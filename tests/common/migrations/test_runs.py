"""Migrations run one at a time and in order, can be repeated, and only their own role runs them."""

import asyncio
import shutil
from importlib import import_module
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from alembic.script import ScriptDirectory
from sqlalchemy.exc import SQLAlchemyError

from common.db.migrations import migrate
from common.db.schema_check import revisions
from common.settings import MigrationSettings
from deploy.services import DATABASES
from tests.common.migrations.conftest import connect
from tests.database import Template

LATER = Path(__file__).parents[2] / "system" / "later_revision.py"


@pytest.mark.parametrize("service", DATABASES)
def test_the_names_of_files_give_the_order_of_revisions(service: str) -> None:
    folder: Path = import_module(f"{service}.database").MIGRATIONS
    by_alembic = [script.revision for script in ScriptDirectory(str(folder)).walk_revisions()]
    assert by_alembic
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


# begin: only with posts
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


# end: only with posts


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
