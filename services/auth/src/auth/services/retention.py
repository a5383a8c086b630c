"""How long auth keeps what is over; and how it asks again for what is not."""

from datetime import timedelta
from typing import Final

from auth.services.deletion import publish_again
from auth.services.ports import UnitOfWork
from common import retention
from common.ports import Transactions

BATCH: Final = 1000
SESSIONS_KEPT: Final = timedelta(days=30)
"""After their end: for whoever looks into a theft."""
MAILS_KEPT: Final = timedelta(days=7)
"""After the mail server has refused them for good: for whoever asks why. They hold addresses."""
LAST_MAILS_KEPT: Final = timedelta(days=1)
"""After their accounts were deleted, of which nothing else has the address."""
RULES: Final[retention.Rules[UnitOfWork]] = {
    "sessions": lambda work: work.sessions.forget_over(SESSIONS_KEPT, BATCH),
    "tries to sign in": lambda work: work.throttle.forget_old(BATCH),
    "links": lambda work: work.one_time_tokens.forget_expired(),
    "mail counts": lambda work: work.mail_counts.forget_old(),
    "last mails": lambda work: work.deletions.forget_last_mails(LAST_MAILS_KEPT),
    "deletions that wait": lambda work: publish_again(work, BATCH),
    "refused mails": lambda work: work.events.forget_parked("smtp", MAILS_KEPT),
}


async def run_retention(transactions: Transactions[UnitOfWork]) -> None:
    await retention.run_retention(transactions, RULES)


async def apply_retention(transactions: Transactions[UnitOfWork]) -> None:
    await retention.apply_retention(transactions, RULES)
