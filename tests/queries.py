"""What an app says to its database, told by asyncpg itself."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Final

from fastapi import FastAPI
from sqlalchemy import event

Query = tuple[str, tuple[Any, ...]]
"""Its SQL, and its parameters."""
BESIDE: Final = ("BEGIN", "COMMIT", "typeinfo_tree", "'jit'")
"""In the ends of a transaction, and in what asyncpg asks on a new connection."""
ASKED: ContextVar[bool] = ContextVar("asked", default=False)
"""Set where a test's own request runs; what the app does by itself meanwhile does not count."""


@contextmanager
def listening(app: FastAPI) -> Iterator[Callable[[], Any]]:
    """The queries of the requests that this task makes, in order. They are heard a turn of the loop later."""
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
