"""Connections of SQLAlchemy's pool, on which statements run by asyncpg itself (`common.db.statements`)."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, Final, TypeVar

import asyncpg
from sqlalchemy import Connection, Executable, event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.pool import AsyncAdaptedQueuePool, PoolProxiedConnection
from sqlalchemy.util import await_only, greenlet_spawn

from common.background import shielded
from common.db.statement_spans import commit_span
from common.db.statements import ASYNCPG_ERRORS, Params, Rows, run, sqlalchemy_error

T = TypeVar("T")
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


def within(connection: Connection, work: Callable[[asyncpg.Connection], Awaitable[T]]) -> T:
    """Do something with a connection in an event handler of SQLAlchemy, which runs in a greenlet."""
    try:
        return await_only(work(asyncpg_of(connection.connection)))
    except BaseException as error:
        if not is_usable_after(error):
            discard(connection, error)
        raise


def run_within(connection: Connection, statement: Executable, params: Params) -> Rows:
    """Run a statement in an event handler of SQLAlchemy."""
    return within(connection, lambda driver: run(driver, statement, params))


async def send(driver: asyncpg.Connection, command: str) -> None:
    """By the simple protocol, which prepares nothing: a COMMIT must not fail before it has ended the transaction."""
    try:
        await driver.execute(command)
    except ASYNCPG_ERRORS as error:
        raise sqlalchemy_error(error, command, driver) from error


def begin(connection: Connection) -> None:
    within(connection, partial(send, command="BEGIN"))


def commit(connection: Connection) -> None:
    with commit_span():
        within(connection, partial(send, command="COMMIT"))


def roll_back(connection: Connection) -> None:
    if not connection.invalidated:
        within(connection, partial(send, command="ROLLBACK"))


def send_transactions(engine: AsyncEngine) -> None:
    """Begin and end the transactions of an AUTOCOMMIT engine, for its sessions and connections alike.

    SQLAlchemy itself begins a transaction only with its own first statement, not with those of `common.db.statements`.
    """
    event.listen(engine.sync_engine, "begin", begin)
    event.listen(engine.sync_engine, "commit", commit)
    event.listen(engine.sync_engine, "rollback", roll_back)
