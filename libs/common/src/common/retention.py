"""Retention: deletes expired rows, in small transactions beside the requests."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from typing import Final, TypeVar

import structlog

from common.ports import Transactions

log = structlog.get_logger()

W = TypeVar("W")
EVERY: Final = timedelta(minutes=5)
Rules = Mapping[str, Callable[[W], Awaitable[int | None]]]
"""By kind of row: deletes a batch of them. Returns how many, or None if one statement is enough."""


async def run_retention(transactions: Transactions[W], rules: Rules[W]) -> None:
    """Runs for ever. Any number of processes may run it at once."""
    while True:
        await asyncio.sleep(EVERY.total_seconds())
        await apply_retention(transactions, rules)


async def apply_retention(transactions: Transactions[W], rules: Rules[W]) -> None:
    """Each kind separately, so that a failure of one does not stop the others."""
    for kind, delete in rules.items():
        try:
            while await in_one(transactions, delete):
                pass
        except Exception as error:  # noqa: BLE001  # a database that is away; the next round may go well
            log.warning("old rows stay for now", kind=kind, error_type=type(error).__name__)


async def in_one(transactions: Transactions[W], delete: Callable[[W], Awaitable[int | None]]) -> int | None:
    async with transactions() as work:
        return await delete(work)
