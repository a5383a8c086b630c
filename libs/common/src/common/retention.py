"""Retention: deletes expired rows, in small transactions beside the requests."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, Generic, TypeVar

import structlog

from common.ports import Transactions
from common.spans import record_work

log = structlog.get_logger()

W = TypeVar("W")
EVERY: Final = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Retention(Generic[W]):
    """A service's rules. Any number of processes may apply them at once."""

    batch: int
    """Rows in one transaction, at most."""
    rules: Mapping[str, Callable[[W, int], Awaitable[int | None]]]
    """By kind of row: deletes up to a batch of them. Returns how many, or None if one statement is enough."""

    async def run(self, transactions: Transactions[W]) -> None:
        """Runs as long as the service."""
        while True:
            await asyncio.sleep(EVERY.total_seconds())
            await self.apply(transactions)

    async def apply(self, transactions: Transactions[W]) -> None:
        """Each kind separately, so that a failure of one does not stop the others. A partial batch is the last one."""
        for kind, delete in self.rules.items():
            try:
                deleted: int | None = self.batch
                while deleted == self.batch:
                    started = time.time_ns()
                    async with transactions() as work:
                        deleted = await delete(work, self.batch)
                    if deleted:
                        record_work(f"delete {kind}", started, {"rows": deleted})
            except Exception as error:  # noqa: BLE001  # supervision: if this task ended, rows would stay for ever
                log.warning("retention failed", kind=kind, reason=repr(error)[:200])
