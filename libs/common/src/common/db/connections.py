"""Connections of SQLAlchemy's pool, on which statements run by asyncpg itself (`common.db.statements`)."""

from typing import Any, Final

import asyncpg
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.pool import AsyncAdaptedQueuePool, PoolProxiedConnection
from sqlalchemy.util import greenlet_spawn

from common.background import shielded
from common.db.statements import ASYNCPG_ERRORS, sqlalchemy_error

READ_ONLY: Final = "25006"


class CountingPool(AsyncAdaptedQueuePool):
    """SQLAlchemy's pool, which also counts how often a caller found all connections taken."""

    def __init__(self, creator: Any, *, pool_size: int, max_overflow: int, **options: Any) -> None:
        super().__init__(creator, pool_size=pool_size, max_overflow=max_overflow, **options)
        self.limit = pool_size + max_overflow
        self.waits = 0

    def connect(self) -> PoolProxiedConnection:
        if self.checkedout() >= self.limit:
            self.waits += 1
        try:
            return super().connect()
        except ASYNCPG_ERRORS as error:  # SQLAlchemy does not translate those of a connection's first statements
            raise sqlalchemy_error(error, None, None) from error

    def note_loss(self, pooled: PoolProxiedConnection, error: BaseException) -> None:
        """After a lost connection, all older ones count as lost as well, instead of failing one by one."""
        if isinstance(error, DBAPIError):
            self._invalidate(pooled, _checkin=False)


def is_usable_after(error: BaseException) -> bool:
    """Whether a connection is still usable: PostgreSQL refused a statement, and waits for the next one.

    A read-only server is a former primary: a new connection leads to the present one.
    """
    if not isinstance(error, DBAPIError) or error.connection_invalidated:
        return False
    return getattr(error.orig, "sqlstate", None) != READ_ONLY


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


async def give_back(engine: AsyncEngine, pooled: PoolProxiedConnection, error: BaseException | None = None) -> None:
    """Return a connection to its pool, or close it if it cannot be used after an error."""
    pool: Any = engine.pool
    if error is not None and not is_usable_after(error):
        pool.note_loss(pooled, error)
        await shielded(greenlet_spawn(pooled.invalidate, error))
    elif pool.overflow() > 0:  # one too many for the pool is closed, which takes a greenlet
        await shielded(greenlet_spawn(pooled.close))
    else:
        pooled.close()


def discard(connection: Connection, error: BaseException) -> None:
    """Close a connection that is lost, or that runs a statement, which PostgreSQL then cancels."""
    if connection.closed or connection.invalidated:
        return
    pool: Any = connection.engine.pool
    pool.note_loss(connection.connection, error)
    connection.invalidate(error)
