"""Alembic, the same for every service: one runner at a time, by the role that owns the tables."""

import asyncio
from pathlib import Path
from typing import Final

from alembic import command, context
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, MetaData, pool, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import create_async_engine

from common.database import Database
from common.health import Check
from common.settings import MigrationSettings, async_url

LOCK: Final = 7_046_029_254_386_353_131  # any number: every migration of a database waits for the same


def alembic_config(folder: Path) -> Config:
    config = Config()
    config.set_main_option("script_location", str(folder))
    config.set_main_option("path_separator", "os")
    return config


async def migrate(folder: Path, settings: MigrationSettings, revision: str = "head") -> None:
    """Bring a database to a revision. A second runner waits, then finds nothing to do."""
    url = async_url(settings.owner_database_url, settings.owner_database_password)
    engine = create_async_engine(url, poolclass=pool.NullPool)
    try:
        async with engine.connect() as connection:
            # the owner's lock_timeout keeps a migration from queueing all traffic; it must not end this wait
            await connection.execute(text("SET lock_timeout = 0"))
            await connection.execute(text("SELECT pg_advisory_lock(:lock)"), {"lock": LOCK})
            await connection.execute(text("RESET lock_timeout"))
            await connection.commit()
            await connection.run_sync(upgrade, folder, revision)
            await connection.commit()
    finally:
        await engine.dispose()


def upgrade(connection: Connection, folder: Path, revision: str) -> None:
    config = alembic_config(folder)
    config.attributes["connection"] = connection
    command.upgrade(config, revision)


def run_env(metadata: MetaData) -> None:
    """The whole of a service's `env.py`."""
    connection: Connection = context.config.attributes["connection"]
    context.configure(connection=connection, target_metadata=metadata, transaction_per_migration=True)
    with context.begin_transaction():
        context.run_migrations()


def database_is_ready(database: Database, folder: Path) -> Check:
    """Ready unless the database is older than the code. One that is newer, by a later release, is fine."""
    scripts = ScriptDirectory.from_config(alembic_config(folder))
    head = scripts.get_current_head()
    older = {script.revision for script in scripts.walk_revisions()} - {head}

    async def database_answers() -> str | None:
        try:
            async with database.reading.connect() as connection:
                found = (await connection.execute(text("SELECT version_num FROM alembic_version"))).scalar()
        except (DBAPIError, OSError) as error:
            state = getattr(getattr(error, "orig", None), "sqlstate", None)
            return "database: not migrated" if state == "42P01" else "database: no answer"
        return "database: older than this release; run migrate" if found is None or found in older else None

    return database_answers


def run_migrate(folder: Path, settings: MigrationSettings) -> None:
    asyncio.run(migrate(folder, settings))
