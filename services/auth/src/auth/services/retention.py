"""How long auth keeps what is over; and how it asks again for what is not."""

from datetime import timedelta
from typing import Final

from auth.services.deletion import publish_again
from auth.services.ports import UnitOfWork
from common.retention import Retention

SESSIONS_KEPT: Final = timedelta(days=30)
"""After their end: for whoever looks into a theft."""
MAILS_KEPT: Final = timedelta(days=7)
"""After the mail server has refused them for good: for whoever asks why. They hold addresses."""
LAST_MAILS_KEPT: Final = timedelta(days=1)
"""After their accounts were deleted, of which nothing else has the address."""
RETENTION: Final[Retention[UnitOfWork]] = Retention(
    batch=1000,
    rules={
        "sessions": lambda work, most: work.sessions.forget_over(SESSIONS_KEPT, most),
        "tries to sign in": lambda work, most: work.throttle.forget_old(most),
        "links": lambda work, _: work.one_time_tokens.forget_expired(),
        "mail counts": lambda work, _: work.mail_counts.forget_old(),
        "last mails": lambda work, _: work.deletions.forget_last_mails(LAST_MAILS_KEPT),
        "deletions that wait": publish_again,
        "refused mails": lambda work, _: work.events.forget_parked("smtp", MAILS_KEPT),
    },
)
