"""Single statements, each on a connection of its own, AUTOCOMMIT: one round trip. Almost all only read.

Read-only dependencies are stateless, so they are created once, with the app.
"""

import asyncio
from dataclasses import dataclass
from typing import Final, Self

from fastapi import Request
from sqlalchemy import Executable
from sqlalchemy.ext.asyncio import AsyncEngine

from common.db.connections import asyncpg_of, give_back, take
from common.db.database import Database
from common.db.statements import Params, Rows, run
from common.errors import DependencyUnavailable
from common.settings import ServiceSettings

LONGEST_SEARCH: Final = 2.0
"""Seconds."""


@dataclass(frozen=True, slots=True)
class SingleStatements:
    """Runs single statements, each a transaction of its own. Holds no connection between them.

    A write is made so only where it is one statement, nothing is told by an event, and it happens very often.
    """

    engine: AsyncEngine

    async def execute(self, statement: Executable, params: Params = None, /) -> Rows:
        pooled = await take(self.engine)
        try:
            rows = await run(asyncpg_of(pooled), statement, params)
        except BaseException as error:
            await give_back(self.engine, pooled, error)
            raise
        await give_back(self.engine, pooled)
        return rows


class ReadSession(SingleStatements):
    """Runs single reading statements. A call may come in between."""


class SearchTooSlow(DependencyUnavailable):
    """The search was cancelled after two seconds: very many posts have its words."""

    code = "search-too-slow"

    def __init__(self) -> None:
        super().__init__("The search took too long and was cancelled; a rarer word makes it faster.")


@dataclass(frozen=True, slots=True)
class SearchSession:
    """Runs single reading statements that may be slow (S-37).

    They may use a third of the connections, so that other reads go on. A statement that takes longer than
    `LONGEST_SEARCH` is refused, and PostgreSQL cancels it.
    """

    reads: ReadSession
    slots: asyncio.Semaphore
    patience: float
    """Seconds to wait for other searches; the same as for a connection."""

    @classmethod
    def of(cls, reads: ReadSession, settings: ServiceSettings) -> Self:
        most = max(1, settings.read_pool_size // 3)
        return cls(reads, asyncio.Semaphore(most), settings.pool_timeout.total_seconds())

    async def execute(self, statement: Executable, params: Params = None, /) -> Rows:
        async with asyncio.timeout(self.patience):
            await self.slots.acquire()
        try:
            async with asyncio.timeout(LONGEST_SEARCH) as limit:
                return await self.reads.execute(statement, params)
        except TimeoutError:
            if limit.expired():
                raise SearchTooSlow from None
            raise
        finally:
            self.slots.release()


async def get_read_session(request: Request) -> ReadSession:
    """For routes that only read."""
    database: Database = request.app.state.database
    return ReadSession(database.reading)
