"""One search at a time for each caller.

A search may take two seconds of the database, and few run at once (`common.db.database.SearchSession`). So nobody may
have more than one of these under way: a caller's next one waits in line for a moment. Each process counts for itself.
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
"""Searches of one caller, with the one that is under way. One more is refused at once."""


class SearchUnderWay(TooManyRequests):
    """The caller's last search has not ended yet."""

    code = "search-under-way"

    def __init__(self) -> None:
        super().__init__("Your last search is still under way; one at a time.", retry_after=timedelta(seconds=1))


@dataclass(slots=True)
class CallerQueue:
    """One caller's searches."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    length: int = 0


@dataclass(slots=True)
class ConcurrencyLimits:
    """Lines by caller; there is one only as long as somebody stands in it."""

    patience: float
    """Seconds to stand in line."""
    lines: dict[str, CallerQueue] = field(default_factory=dict)

    @asynccontextmanager
    async def slot(self, caller: str) -> AsyncIterator[None]:
        """Have a turn. Raises SearchUnderWay."""
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
    account = request.scope["state"].get("account")  # of the token, which has been checked
    return CallerLimit(request.app.state.search_limits, source_of(request) if account is None else f"account {account}")


SearchLimit = Annotated[CallerLimit, Depends(get_search_limit)]
