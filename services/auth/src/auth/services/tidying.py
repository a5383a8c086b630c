"""Removes what is over, in small transactions beside the requests."""

import asyncio
from datetime import timedelta
from typing import Final

import structlog

from auth.services.ports import Work
from common.ports import Transactions

log = structlog.get_logger()

EVERY: Final = timedelta(minutes=10)
BATCH: Final = 1000
SESSIONS_KEPT: Final = timedelta(days=30)
"""After their end: for whoever looks into a theft."""


async def keep_tidy(transactions: Transactions[Work]) -> None:
    """Runs as long as the service."""
    while True:
        await asyncio.sleep(EVERY.total_seconds())
        try:
            for each in (tidy, tidy_tries):
                while await each(transactions) == BATCH:
                    pass
        except Exception as error:  # noqa: BLE001  # a database that is away; the next round may go well
            log.warning("old rows stay for now", error_type=type(error).__name__)


async def tidy(transactions: Transactions[Work]) -> int:
    """How many sessions were removed: `BATCH` when there may be more."""
    async with transactions() as work:
        await work.one_time_tokens.forget_expired()
        await work.mail_counts.forget_old()
        return await work.sessions.forget_over(SESSIONS_KEPT, BATCH)


async def tidy_tries(transactions: Transactions[Work]) -> int:
    """How many tries to sign in, likewise."""
    async with transactions() as work:
        return await work.throttle.forget_old(BATCH)
