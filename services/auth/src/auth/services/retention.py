"""Removes what is over, and asks again for what is not, in small transactions beside the requests."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from typing import Final

import structlog

from auth.services.deletion import publish_again
from auth.services.ports import UnitOfWork
from common.ports import Transactions

log = structlog.get_logger()

EVERY: Final = timedelta(minutes=5)
BATCH: Final = 1000
SESSIONS_KEPT: Final = timedelta(days=30)
"""After their end: for whoever looks into a theft."""
MAILS_KEPT: Final = timedelta(days=7)
"""After the mail server has refused them for good: for whoever asks why. They hold addresses."""

LAST_MAILS_KEPT: Final = timedelta(days=1)
"""After their accounts were deleted, of which nothing else has the address."""

Forget = Callable[[UnitOfWork], Awaitable[int | None]]
"""Deals with rows of one kind; `BATCH` when there may be more."""
KINDS: Final[Mapping[str, Forget]] = {
    "sessions": lambda work: work.sessions.forget_over(SESSIONS_KEPT, BATCH),
    "tries to sign in": lambda work: work.throttle.forget_old(BATCH),
    "links": lambda work: work.one_time_tokens.forget_expired(),
    "mail counts": lambda work: work.mail_counts.forget_old(),
    "last mails": lambda work: work.deletions.forget_last_mails(LAST_MAILS_KEPT),
    "deletions that wait": lambda work: publish_again(work, BATCH),
    "refused mails": lambda work: work.events.forget_parked("smtp", MAILS_KEPT),
}


async def run_retention(transactions: Transactions[UnitOfWork]) -> None:
    """Runs as long as the service."""
    while True:
        await asyncio.sleep(EVERY.total_seconds())
        await apply_retention(transactions)


async def apply_retention(transactions: Transactions[UnitOfWork]) -> None:
    """Each kind by itself, so that trouble with one keeps no other."""
    for kind, forget in KINDS.items():
        try:
            while await in_one(transactions, forget) == BATCH:
                pass
        except Exception as error:  # noqa: BLE001  # a database that is away; the next round may go well
            log.warning("old rows stay for now", kind=kind, error_type=type(error).__name__)


async def in_one(transactions: Transactions[UnitOfWork], forget: Forget) -> int | None:
    async with transactions() as work:
        return await forget(work)
