"""Makes what is stored beside a text for the search, and was not stored together with it.

Search compares folded texts (`common.text_fold`), which a service writes together with the text itself. A writer that
knows nothing of it (the release before, `make seed`, somebody at psql) leaves the folded text missing, by a trigger
also after a change. It is made within seconds: any number of processes look for it, and do no harm to each other.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import structlog
from sqlalchemy import TextClause

from common.db.database import Database

log = structlog.get_logger()

POLL: Final = 2.0
"""Seconds between looks."""
BATCH: Final = 50
PAUSE: Final = 0.05
"""Seconds between batches, in which requests have the processor and the database: so a thousand texts a second."""


@dataclass(frozen=True, slots=True)
class BackfillSource:
    """What is to be made, and of what.

    `missing` gives some rows that come after an id: their `id`, a `mark` and the texts. `store` takes `ids`, `marks`
    and what `make` has `made` of the texts, and leaves out each row whose mark is another one by now.
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
        """As long as the service. Whatever goes wrong is told and tried again."""
        while True:
            try:
                await self.fill_missing(PAUSE)
            except Exception as error:  # noqa: BLE001  # supervision: else what is missing would never be found
                log.warning("making words for the search stumbled", reason=repr(error)[:200])
            await asyncio.sleep(POLL)

    async def fill_missing(self, pause: float = 0) -> None:
        """Everything that is missing now."""
        after: int | None = 0
        while after is not None:
            after = await self._make_some(after)
            await asyncio.sleep(pause)

    async def _make_some(self, after: int) -> int | None:
        """The next few. Returns the last one's id, None if there were none."""
        async with self.database.transaction() as session:
            found = (await session.execute(self.source.missing, {"after": after, "most": BATCH})).all()
        if not found:
            return None
        made = []  # in no transaction, since long texts take their time; and requests have their turn after each
        for row in found:
            made.append(self.source.make(*row[2:]))
            await asyncio.sleep(0)
        async with self.database.transaction() as session:
            await session.execute(self.source.store, store_params(found, made))
        return int(found[-1].id)


def store_params(found: Sequence[Any], made: Sequence[str]) -> dict[str, Sequence[Any]]:
    """What `store` takes: the rows that were missing, and what has been made of them."""
    return {"ids": [row.id for row in found], "marks": [row.mark for row in found], "made": made}
