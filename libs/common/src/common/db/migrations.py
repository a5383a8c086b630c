"""Alembic, the same for every service: one runner at a time, with the role that owns the tables."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final, TypeVar

import structlog
from alembic import command, context
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, MetaData, pool, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from common.settings import MigrationSettings, async_url

log = structlog.get_logger()

S = TypeVar("S", bound=MigrationSettings)
LOCK: Final = 7_046_029_254_386_353_131  # any number; all migrations of a database use it
PAUSE: Final = 0.2  # seconds
PATIENCE: Final = 60.0
"""Seconds for which `migrate` waits for its database: at the first start both begin at the same time."""
INVALID: Final = text("""
    SELECT indexrelid::regclass::text FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid
    WHERE NOT indisvalid AND relkind = 'i' AND relnamespace = current_schema()::regnamespace
""")


def alembic_config(folder: Path) -> Config:
    config = Config()
    config.set_main_option("script_location", str(folder))
    config.set_main_option("path_separator", "os")
    return config


AfterMigrate = Callable[[AsyncConnection, S], Awaitable[None]]


async def migrate(folder: Path, settings: S, after: AfterMigrate[S] | None = None) -> None:
    """Migrate a database to this release's schema. A second runner waits, then finds nothing to do."""
    url = async_url(settings.owner_database_url, settings.owner_database_password)
    engine = create_async_engine(url, poolclass=pool.NullPool, connect_args={"timeout": 5})
    try:
        await wait_for_database(engine)
        async with engine.connect() as connection:
            await take_migration_lock(connection)
            await connection.run_sync(upgrade, folder)
            await connection.commit()
            if after:
                await after(connection, settings)
                await connection.commit()
    finally:
        await engine.dispose()


async def wait_for_database(engine: AsyncEngine, patience: float = PATIENCE) -> None:
    """Return once the database answers.

    Raises:
        OSError, DBAPIError: it did not answer for `patience` seconds, or it refuses the role.
    """
    ends_at = time.monotonic() + patience
    reason = None
    while True:
        try:
            async with engine.connect():
                return
        except (OSError, DBAPIError) as error:
            if not is_unreachable(error) or time.monotonic() > ends_at:
                raise
            if str(error) != reason:
                reason = str(error)
                log.info("waiting for the database", seconds=patience, reason=reason)
        await asyncio.sleep(PAUSE)


def is_unreachable(error: OSError | DBAPIError) -> bool:
    """Whether a wait may help. PostgreSQL's error classes: 08 connection, 57P shutdown and start."""
    state = getattr(getattr(error, "orig", None), "sqlstate", None) or ""
    return isinstance(error, OSError) or state.startswith(("08", "57P"))


async def take_migration_lock(connection: AsyncConnection) -> None:
    """Hold the lock for as long as the connection lasts.

    It polls. A session that waits inside a statement holds a snapshot, and CREATE INDEX CONCURRENTLY in the running
    migration would wait for that snapshot: a deadlock.
    """
    while not await connection.scalar(text("SELECT pg_try_advisory_lock(:lock)"), {"lock": LOCK}):
        await connection.commit()
        await asyncio.sleep(PAUSE)
    await connection.commit()


def upgrade(connection: Connection, folder: Path) -> None:
    """Upgrade to this release's newest revision. A database that a later release has migrated is left as it is.

    So an earlier release can be rolled out again: its replicas work with the newer schema, and its migration must too.
    """
    config = alembic_config(folder)
    found = MigrationContext.configure(connection).get_current_revision()
    connection.commit()
    if found and found not in {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}:
        log.info("the database has a later release's schema; nothing to migrate", revision=found)
        return
    drop_invalid_indexes(connection)
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def drop_invalid_indexes(connection: Connection) -> None:
    """Drop the invalid indexes that a failed CREATE INDEX CONCURRENTLY leaves, for example after a lock timeout.

    Such an index has its final name. IF NOT EXISTS would skip it, and the migration would count as complete.
    """
    with connection.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as alone:
        for name in alone.scalars(INVALID).all():
            log.warning("dropping an invalid index", index=name)
            alone.exec_driver_sql(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")


def run_env(metadata: MetaData) -> None:
    """The whole content of a service's `env.py`."""
    connection: Connection = context.config.attributes["connection"]
    context.configure(connection=connection, target_metadata=metadata, transaction_per_migration=True)
    with context.begin_transaction():
        context.run_migrations()
