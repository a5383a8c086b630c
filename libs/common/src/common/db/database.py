"""Engines, sessions and the three ways in which a route may use its database. Transactions are opened only here.

- `get_db`: one transaction per request, committed before the reply is sent.
- `common.db.reading`: single statements, which almost all only read, each on a connection of its own.
- `Transactions`: a factory of short transactions, for work between two commits, or to record a refusal.

A route uses one of them, never two. The one exception renews tokens (`auth.services.sign_in`): single statements, and a
transaction for a token that is not the current one.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final, Generic, Protocol, TypeVar

import asyncpg
import structlog
from fastapi import Request
from sqlalchemy import ARRAY, BigInteger, ColumnElement, Executable, bindparam, func
from sqlalchemy.exc import ResourceClosedError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import InstrumentedAttribute

from common.background import shielded
from common.db.connections import CountingPool, asyncpg_of, discard, is_usable_after
from common.db.statements import Params, Rows, run
from common.db.transactions import send_transactions
from common.ports import Versions
from common.settings import ServiceSettings, async_url

log = structlog.get_logger()

NAMING: Final = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}
"""Names of constraints, so that migrations can refer to them."""
AT_BEGIN: Final = "trivium.at_begin"
"""Key in a request's scope: a hook that gets the request's session before its first use (idempotency)."""
PUBLISHED: Final = "published"
"""Key in a session's `info`: this transaction has written to the outbox."""
CONNECT: Final = 5.0
"""Seconds for a new connection, unless a request may wait longer for one (`POOL_TIMEOUT`)."""
LONGEST_STATEMENT: Final = 5.0
"""Seconds until PostgreSQL ends a statement: `statement_timeout` of the roles."""
STATEMENT: Final = 10.0
"""Seconds for a statement and its answer, or more for one that waits in a paused pooler for `POOL_TIMEOUT`."""
GOODBYE: Final = 2.0
"""Seconds for closing connections when the service stops."""
UPKEEP: Final = 1
"""Connections of a process that requests cannot take, for work that must not queue behind them (R-10).

These read revocations and readiness, keys at startup, and whether an event or an erasure is due. They count in the
connection budget.
"""
W = TypeVar("W")


class Executor(Protocol):
    """The part of a session that repositories use: it runs statements."""

    async def execute(self, statement: Executable, params: Params = None, /) -> Rows: ...


EXPECTED: Final = bindparam("expected_versions", type_=ARRAY(BigInteger))


def version_matches(version: InstrumentedAttribute[int]) -> ColumnElement[bool]:
    """For the WHERE of a change: only the expected versions. The row lock lets one of many concurrent edits win."""
    return EXPECTED.is_(None) | (version == func.any(EXPECTED))


def version_params(expected: Versions) -> dict[str, Any]:
    """The parameters of `version_matches`."""
    return {EXPECTED.key: None if expected is None else sorted(expected)}


class RowSession(AsyncSession):
    """A session whose statements return rows, never ORM objects, since no repository needs them.

    They run on asyncpg itself (`common.db.statements`), in the session's transaction.
    """

    _used: AsyncConnection | None = None
    _asyncpg: asyncpg.Connection

    async def execute(self, statement: Executable, params: Params = None, /) -> Rows:  # type: ignore[override]
        if self._used is None:  # here a session has one transaction, and so one connection
            self._used = await self.connection()
            self._asyncpg = asyncpg_of(await self._used.get_raw_connection())
        if self._used.closed or self._used.invalidated:  # the connection may be another request's by now
            raise ResourceClosedError("the session's transaction has ended")
        try:
            return await run(self._asyncpg, statement, params)
        except BaseException as error:
            if not is_usable_after(error):
                await shielded(self._used.run_sync(discard, error))
            raise


class Database:
    """A service's engines: made with the app, connected lazily, closed in the lifespan's `finally`.

    A service starts without its database and is ready once it answers (`/readyz`).
    """

    def __init__(self, settings: ServiceSettings) -> None:
        url = async_url(settings.database_url, settings.database_password)
        self.patience = patience = settings.pool_timeout.total_seconds()
        connect: dict[str, Any] = {
            "timeout": max(CONNECT, patience),
            "command_timeout": max(STATEMENT, patience + LONGEST_STATEMENT),
            "max_cached_statement_lifetime": 0,
        }
        if not settings.prepared_statements:
            connect |= {"statement_cache_size": 0, "prepared_statement_cache_size": 0}
        # No pool_pre_ping: it costs a round trip a request. A dead connection is found by its first statement.
        options: dict[str, Any] = {
            "poolclass": CountingPool,
            "max_overflow": settings.max_overflow,
            "pool_timeout": patience,
            "pool_recycle": 1800,
            "hide_parameters": True,  # otherwise error messages repeat addresses and hashes
            "isolation_level": "AUTOCOMMIT",
            "pool_reset_on_return": None,  # every transaction is ended where it began; a reset costs each read 2 %
            "connect_args": connect,
        }
        self.engine: AsyncEngine = create_async_engine(url, pool_size=settings.pool_size, **options)
        send_transactions(self.engine)
        self.reading: AsyncEngine = create_async_engine(url, pool_size=settings.read_pool_size, **options)
        options["max_overflow"] = 0
        self.upkeep: AsyncEngine = create_async_engine(url, pool_size=UPKEEP, **options)
        self.sessions = async_sessionmaker(self.engine, class_=RowSession, expire_on_commit=False)
        self.on_published: Callable[[], None] = lambda: None
        """Called after a commit that wrote to the outbox."""

    async def disconnect(self) -> None:
        """Close the connections, but do not wait for a database that hangs: it must not delay the shutdown."""
        try:
            async with asyncio.timeout(GOODBYE):
                await asyncio.gather(*(engine.dispose() for engine in (self.engine, self.reading, self.upkeep)))
        except TimeoutError:
            log.warning("the database does not answer; connections left open")

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncSession]:
        """Commit at the end of the block, or roll back. No other code does either."""
        async with self.sessions() as session:
            try:
                yield session
                await session.commit()
            except BaseException:
                await session.rollback()
                raise
            if session.info.pop(PUBLISHED, False):
                self.on_published()


@dataclass(frozen=True, slots=True)
class TransactionFactory(Generic[W]):
    """`common.ports.Transactions` on a database. `build` makes the stores that work in the transaction's session."""

    database: Database
    build: Callable[[AsyncSession], W]

    @asynccontextmanager
    async def __call__(self) -> AsyncIterator[W]:
        async with self.database.transaction() as session:
            yield self.build(session)


async def get_db(request: Request) -> AsyncGenerator[AsyncSession]:
    """One transaction per request: commit if the route returned, roll back if anything raised."""
    database: Database = request.app.state.database
    async with database.transaction() as session:
        if AT_BEGIN in request.scope:
            request.scope[AT_BEGIN](session)
        yield session
