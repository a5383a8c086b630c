"""Concurrency limit: one search at a time for each caller.

A search may take two seconds of the database, and only few run at once (`common.db.reading.SearchSession`). So a
caller may run one at a time; its next ones wait for a moment. Each process counts for itself.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Annotated, Final

from fastapi import Depends, Request

from common.errors import TooManyRequests
from common.http.rate_limits import source_of

LONGEST_LINE: Final = 4
"""Most searches of one caller, running and waiting. Further ones are refused at once."""


class SearchUnderWay(TooManyRequests):
    """The caller's last search is still running."""

    code = "search-under-way"

    def __init__(self) -> None:
        super().__init__("Your last search is still running; run one at a time.", retry_after=timedelta(seconds=1))


@dataclass(slots=True)
class CallerQueue:
    """The running search of one caller, and those that wait for it."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    length: int = 0


@dataclass(slots=True)
class ConcurrencyLimits:
    """Queues by caller. A queue exists only while a search runs or waits."""

    patience: float
    """Seconds that a search may wait."""
    lines: dict[str, CallerQueue] = field(default_factory=dict)

    @asynccontextmanager
    async def slot(self, caller: str) -> AsyncIterator[None]:
        """Wait for a turn, and hold it during the block. Raises SearchUnderWay."""
        line = self.lines.setdefault(caller, CallerQueue())
        if line.length >= LONGEST_LINE:
            raise SearchUnderWay
        line.length += 1
        try:
            try:
                async with asyncio.timeout(self.patience):
                    await line.lock.acquire()
            except TimeoutError:
                raise SearchUnderWay from None
            try:
                yield
            finally:
                line.lock.release()
        finally:
            line.length -= 1
            if not line.length:
                del self.lines[caller]


@dataclass(frozen=True, slots=True)
class CallerLimit:
    """A caller's slot. `async with limit.slot():` around the search."""

    limits: ConcurrencyLimits
    caller: str

    def slot(self) -> AbstractAsyncContextManager[None]:
        return self.limits.slot(self.caller)


async def get_search_limit(request: Request) -> CallerLimit:
    account = request.scope["state"].get("account")  # from the verified token
    return CallerLimit(request.app.state.search_limits, source_of(request) if account is None else f"account {account}")


SearchLimit = Annotated[CallerLimit, Depends(get_search_limit)]
