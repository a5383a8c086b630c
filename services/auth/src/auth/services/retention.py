"""auth's retention rules, and the repetition of events for deletions that wait."""

from datetime import timedelta
from typing import Final

from auth.services.deletion import publish_again
from auth.services.ports import UnitOfWork
from auth.services.second_factor.challenges import LONGEST_TRUST
from auth.services.second_factor.factors import PENDING_FOR
from common.retention import Retention

SESSIONS_KEPT: Final = timedelta(days=30)
"""Kept after their end, to investigate thefts."""
API_KEYS_KEPT: Final = timedelta(days=30)
"""Kept after they were revoked or expired, to investigate thefts."""
MAILS_KEPT: Final = timedelta(days=7)
"""Kept after the mail server has refused them for good, to answer questions. They hold addresses."""
LAST_MAILS_KEPT: Final = timedelta(days=1)
"""Kept after the deletion of their accounts. Nothing else holds the address then."""
RETENTION: Final[Retention[UnitOfWork]] = Retention(
    batch=1000,
    rules={
        "sessions": lambda work, most: work.sessions.forget_over(SESSIONS_KEPT, most),
        "API keys": lambda work, most: work.api_keys.forget_over(API_KEYS_KEPT, most),
        "tries to sign in": lambda work, most: work.throttle.forget_old(most),
        "links": lambda work, _: work.one_time_tokens.forget_expired(),
        "sign-in codes": lambda work, _: work.sign_in_codes.forget_expired(),
        "second factors that nobody confirmed": lambda work, _: work.second_factors.forget_pending(PENDING_FOR),
        "sign-ins that waited": lambda work, _: work.challenges.forget_expired(),
        "trusted devices": lambda work, _: work.trusted_devices.forget_old(LONGEST_TRUST),
        "used challenges": lambda work, most: work.passkeys.forget_spent(most),
        "flows to providers": lambda work, most: work.provider_flows.forget_expired(most),
        "mail counts": lambda work, _: work.mail_counts.forget_old(),
        "last mails": lambda work, _: work.deletions.forget_last_mails(LAST_MAILS_KEPT),
        "deletions that wait": publish_again,
        "refused mails": lambda work, _: work.events.forget_parked("smtp", MAILS_KEPT),
    },
)
