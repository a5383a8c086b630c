"""Backfill: makes the folded texts that search needs where the writer has not stored them.

Search compares folded texts (`common.text_fold`), which a service writes together with the text itself. Other writers
(the release before, `make seed`, somebody at psql) leave the folded text NULL. A trigger clears it after a change of
theirs. The backfill fills it within seconds; any number of processes may run it at once.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import structlog
from sqlalchemy import TextClause

from common.db.database import Database
from common.spans import background_span

log = structlog.get_logger()

POLL: Final = 2.0
"""Seconds between checks."""
BATCH: Final = 50
KEYS: Final = frozenset({"id", "mark"})
PAUSE: Final = 0.05
"""Seconds between batches, which leaves processor and database to requests: about a thousand texts a second."""


@dataclass(frozen=True, slots=True)
class BackfillSource:
    """The two statements of a backfill, and the function between them.

    `missing` selects some rows after an id: their `id`, a `mark`, and the texts, named as in `make`.
    `store` takes `ids`, `marks` and the texts that `make` has `made`. It skips each row whose mark has changed.
    """

    missing: TextClause
    store: TextClause
    make: Callable[..., str]


@dataclass(frozen=True, slots=True)
class Backfill:
    """Runs beside the requests."""

    database: Database
    source: BackfillSource

    async def run(self) -> None:
        """Run for ever. Failures are logged, and tried again."""
        while True:
            try:
                await self.fill_missing(PAUSE)
            except Exception as error:  # noqa: BLE001  # supervision: the loop must not end
                log.warning("backfill failed", reason=repr(error)[:200])
            await asyncio.sleep(POLL)

    async def fill_missing(self, pause: float = 0) -> None:
        """Fill all rows that are missing now."""
        after: int | None = 0
        while after is not None:
            after = await self._make_some(after)
            await asyncio.sleep(pause)

    async def _make_some(self, after: int) -> int | None:
        """Fill the next batch. Returns the last row's id, or None if there was no row."""
        async with self.database.transaction() as session:
            found = (await session.execute(self.source.missing, {"after": after, "most": BATCH})).all()
        if not found:
            return None
        with background_span("backfill", {"rows": len(found)}):
            await self._store(found)
        return int(found[-1].id)

    async def _store(self, found: Sequence[Any]) -> None:
        made = []  # outside a transaction, since long texts take time; requests get their turn after each
        for row in found:
            made.append(self.source.make(**{name: text for name, text in row._mapping.items() if name not in KEYS}))
            await asyncio.sleep(0)
        async with self.database.transaction() as session:
            await session.execute(self.source.store, store_params(found, made))


def store_params(found: Sequence[Any], made: Sequence[str]) -> dict[str, Sequence[Any]]:
    """The parameters of `store`."""
    return {"ids": [row.id for row in found], "marks": [row.mark for row in found], "made": made}
