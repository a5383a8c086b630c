"""Which calls are repeated, and when."""

import random
from typing import Final

from httpx import ConnectError, ConnectTimeout, PoolTimeout, RequestError, Response

from trivium_client.answers import members_of, retry_after
from trivium_client.calls import Call

ATTEMPTS: Final = 4
FIRST_PAUSE: Final = 0.2
"""Seconds; each further pause is twice as long. Half of it is random, so that clients do not come back together."""
NOT_STARTED: Final = frozenset({"overloaded", "too-busy", "keys-unavailable", "request-in-progress"})
"""Codes of requests that the server has refused before it did anything."""
NOT_SENT: Final = (ConnectError, ConnectTimeout, PoolTimeout)
Outcome = Response | RequestError


def pause_after(call: Call, outcome: Outcome, attempt: int) -> float | None:
    """Seconds until the next attempt; None if the outcome is final. `attempt` counts from 1."""
    if attempt >= ATTEMPTS or not (is_without_effect(outcome) or (call.may_repeat and is_unknown(outcome))):
        return None
    told = retry_after(outcome) if isinstance(outcome, Response) else None
    return told if told is not None else FIRST_PAUSE * 2.0 ** (attempt - 1) * random.uniform(0.5, 1)  # noqa: S311


def is_without_effect(outcome: Outcome) -> bool:
    """Whether the request has surely not been processed, and may be in a moment."""
    if isinstance(outcome, RequestError):
        return isinstance(outcome, NOT_SENT)
    return outcome.status_code == 429 or members_of(outcome).get("code") in NOT_STARTED


def is_unknown(outcome: Outcome) -> bool:
    """Whether the request may have been processed: the answer is lost, or from a proxy."""
    if is_without_effect(outcome):
        return False
    return isinstance(outcome, RequestError) or outcome.status_code in {502, 503, 504}
