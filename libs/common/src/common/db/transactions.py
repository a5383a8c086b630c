"""Transactions of SQLAlchemy's sessions, on connections whose statements run by asyncpg itself."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import TypeVar

import asyncpg
from sqlalchemy import Connection, Executable, event
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.util import await_only

from common.db.connections import asyncpg_of, discard, is_usable_after
from common.db.statement_spans import commit_span
from common.db.statements import ASYNCPG_ERRORS, Params, Rows, run, sqlalchemy_error

T = TypeVar("T")


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
