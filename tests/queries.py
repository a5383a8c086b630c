"""Records an app's queries, by asyncpg's query loggers."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Final

from fastapi import FastAPI
from sqlalchemy import event

Query = tuple[str, tuple[Any, ...]]
"""SQL and parameters of a query."""
BESIDE: Final = ("BEGIN", "COMMIT", "typeinfo_tree", "'jit'")
"""Parts of statements that are not counted: transactions, and asyncpg's own on a new connection."""
ASKED: ContextVar[bool] = ContextVar("asked", default=False)
"""Set in a test's own requests; queries of the app's background tasks do not count."""


@contextmanager
def listening(app: FastAPI) -> Iterator[Callable[[], Any]]:
    """The queries of this task's requests, in order. They arrive one turn of the event loop later."""
    heard: list[Query] = []

    def note(query: Any) -> None:
        if ASKED.get():
            heard.append((query.query, query.args))

    def taken(connection: Any, *_: object) -> None:
        connection.driver_connection.add_query_logger(note)

    def given_back(connection: Any, *_: object) -> None:
        if connection is not None:
            connection.driver_connection.remove_query_logger(note)

    async def queries() -> list[Query]:
        await asyncio.sleep(0)
        found = [query for query in heard if not any(word in query[0] for word in BESIDE)]
        heard.clear()
        return found

    engines = [engine.sync_engine for engine in (app.state.database.engine, app.state.database.reading)]
    token = ASKED.set(True)
    for engine in engines:
        event.listen(engine, "checkout", taken)
        event.listen(engine, "checkin", given_back)
    try:
        yield queries
    finally:
        ASKED.reset(token)
        for engine in engines:
            event.remove(engine, "checkout", taken)
            event.remove(engine, "checkin", given_back)
