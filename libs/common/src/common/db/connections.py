"""Connections of SQLAlchemy's pool, on which statements run by asyncpg itself (`common.db.statements`)."""

from functools import partial
from typing import Any, Final

import asyncpg
from sqlalchemy import Connection, Executable, event, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.pool import AsyncAdaptedQueuePool, PoolProxiedConnection
from sqlalchemy.util import await_only

from common.db.statements import Params, Rows, run, sqlalchemy_error

BEGIN: Final = text("BEGIN")
COMMIT: Final = text("COMMIT")
ROLLBACK: Final = text("ROLLBACK")


class CountingPool(AsyncAdaptedQueuePool):
    """SQLAlchemy's pool, which also counts how often a caller found all connections taken."""

    def __init__(self, creator: Any, *, pool_size: int, max_overflow: int, **options: Any) -> None:
        super().__init__(creator, pool_size=pool_size, max_overflow=max_overflow, **options)
        self.limit = pool_size + max_overflow
        self.waits = 0

    def connect(self) -> PoolProxiedConnection:
        if self.checkedout() >= self.limit:
            self.waits += 1
        return super().connect()

    def note_loss(self, pooled: PoolProxiedConnection, error: BaseException) -> None:
        """After a lost connection, all older ones count as lost as well, instead of failing one by one."""
        if isinstance(error, DBAPIError):
            self._invalidate(pooled, _checkin=False)


def is_usable_after(error: BaseException) -> bool:
    """Whether a connection is still usable: PostgreSQL refused a statement, and waits for the next one."""
    return isinstance(error, DBAPIError) and not error.connection_invalidated


def asyncpg_of(connection: PoolProxiedConnection) -> asyncpg.Connection:
    driver = connection.driver_connection
    if not isinstance(driver, asyncpg.Connection):
        raise TypeError(f"no connection of asyncpg: {driver!r}")
    return driver


async def take(engine: AsyncEngine) -> PoolProxiedConnection:
    """A connection of the pool.

    Raises:
        DBAPIError: PostgreSQL refuses the connection.
        OSError: PostgreSQL does not answer.
        sqlalchemy.exc.TimeoutError: all connections were in use for too long.
    """
    try:
        return await engine.raw_connection()
    except engine.dialect.loaded_dbapi.Error as error:
        raise sqlalchemy_error(error, None, None) from error


def give_back(pooled: PoolProxiedConnection, pool: Any, error: BaseException) -> None:
    if is_usable_after(error):
        pooled.close()
    else:
        pool.note_loss(pooled, error)
        pooled.invalidate(error)


def discard(connection: Connection, error: BaseException) -> None:
    """Close a connection that is lost, or that runs a statement, which PostgreSQL then cancels."""
    pool: Any = connection.engine.pool
    pool.note_loss(connection.connection, error)
    connection.invalidate(error)


def run_within(connection: Connection, statement: Executable, params: Params = None) -> Rows:
    """Run a statement in an event handler of SQLAlchemy, which runs in a greenlet."""
    try:
        return await_only(run(asyncpg_of(connection.connection), statement, params))
    except BaseException as error:
        if not is_usable_after(error):
            discard(connection, error)
        raise


def roll_back(connection: Connection) -> None:
    if not connection.invalidated:
        run_within(connection, ROLLBACK)


def send_transactions(engine: AsyncEngine) -> None:
    """Begin and end the transactions of an AUTOCOMMIT engine, for its sessions and connections alike.

    SQLAlchemy itself begins a transaction only with its own first statement, not with those of `common.db.statements`.
    """
    event.listen(engine.sync_engine, "begin", partial(run_within, statement=BEGIN))
    event.listen(engine.sync_engine, "commit", partial(run_within, statement=COMMIT))
    event.listen(engine.sync_engine, "rollback", roll_back)
