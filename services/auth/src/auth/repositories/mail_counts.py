"""Mail counts in PostgreSQL, by e-mail address, whether or not an account has it."""

import hashlib
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from sqlalchemy import text

from auth.services.mail.sending import LIMITS, USUAL, WINDOW
from common.db.database import Executor

# The row lock makes it exact: a second caller sees the count of the first.
TAKE: Final = text("""
    INSERT INTO mail_counts AS counted (address_hash, kind, sent_at)
    VALUES (:address, :kind, ARRAY[clock_timestamp()])
    ON CONFLICT (address_hash, kind) DO UPDATE
    SET sent_at = (counted.sent_at || clock_timestamp())[greatest(cardinality(counted.sent_at) + 2 - :most, 1):],
        last_at = clock_timestamp()
    WHERE counted.last_at <= clock_timestamp() - CAST(:pause AS interval)
      AND (cardinality(counted.sent_at) < :most
           OR counted.sent_at[cardinality(counted.sent_at) - :most + 1]
              <= clock_timestamp() - CAST(:window AS interval))
    RETURNING true
""")
# Runs after TAKE, which has locked the row even if it did not change it.
WAIT: Final = text("""
    SELECT greatest(
        last_at + CAST(:pause AS interval),
        CASE WHEN cardinality(sent_at) >= :most
             THEN sent_at[cardinality(sent_at) - :most + 1] + CAST(:window AS interval) END
    ) - clock_timestamp() FROM mail_counts WHERE address_hash = :address AND kind = :kind
""")
FORGET_COUNTS: Final = text("""
    DELETE FROM mail_counts WHERE last_at < clock_timestamp() - CAST(:window AS interval)
""")


def hash_address(email: str) -> bytes:
    """The key by which an address, in its normal form, is counted."""
    return hashlib.sha256(email.encode()).digest()


@dataclass(frozen=True, slots=True)
class MailCountRepository:
    """`MailCountStore` in PostgreSQL."""

    session: Executor

    async def take(self, email: str, kind: str) -> timedelta | None:
        limit = LIMITS.get(kind, USUAL)
        params = {"address": hash_address(email), "kind": kind, "pause": limit.pause, "most": limit.most}
        if (await self.session.execute(TAKE, {**params, "window": WINDOW})).one_or_none() is not None:
            return None
        wait: timedelta = (await self.session.execute(WAIT, {**params, "window": WINDOW})).scalar_one()
        return wait

    async def forget_old(self) -> None:
        await self.session.execute(FORGET_COUNTS, {"window": WINDOW})
