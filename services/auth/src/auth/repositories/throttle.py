"""The sign-in throttle in PostgreSQL. All times are the database's own: one clock for all replicas."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from sqlalchemy import text

from auth.services.records import AttemptKey, Verdict
from auth.services.throttle import FREE, KNOWN_FOR, LONGEST_WAIT, MOST_GUESSES
from common.db.database import Executor

RULES: Final = {"free": FREE, "longest": LONGEST_WAIT, "most": MOST_GUESSES, "known_for": KNOWN_FOR}
# One statement, which locks the source before the address everywhere, so that no two wait for each other. Rows are
# judged once they are locked, however many attempts run at once. The commit does not wait for the disk, since every
# sign-in would pay for that. A crash of the database's machine may forget the attempts of the last half second.
# An address is kept for a day per attempt, so guessers get one a day; a closed one is kept for ever. Each attempt costs
# a hash, so a flood of made-up addresses leaves a day's worth of rows.
COUNT: Final = text("""
    WITH source AS (
        INSERT INTO sign_in_sources AS known (address_hash, source, failures, kept_until)
        VALUES (:address, :source, 1, clock_timestamp() + interval '1 day')
        ON CONFLICT (address_hash, source) DO UPDATE SET
            failures = known.failures + 1,
            blocked_until = CASE WHEN known.failures + 1 >= :free THEN clock_timestamp() + LEAST(
                CAST(:longest AS interval), interval '1 second' * power(2, LEAST(known.failures + 1 - :free, 20))) END,
            noted = false,
            kept_until = GREATEST(known.kept_until, excluded.kept_until)
        WHERE known.blocked_until IS NULL OR known.blocked_until <= clock_timestamp()
        RETURNING known.succeeded_at > clock_timestamp() - CAST(:known_for AS interval) AS is_known
    ), address AS (
        INSERT INTO sign_in_addresses AS known (address_hash, attempts, kept_until)
        SELECT :address, 1, clock_timestamp() + interval '1 day' FROM source
        ON CONFLICT (address_hash) DO UPDATE SET
            attempts = known.attempts + 1,
            kept_until = CASE WHEN known.attempts + 1 >= :most THEN 'infinity'
                              ELSE clock_timestamp() + (known.attempts + 1) * interval '1 day' END
        WHERE known.attempts < :most OR (SELECT is_known FROM source)
        RETURNING true
    )
    SELECT EXISTS (SELECT FROM source) AS counted, EXISTS (SELECT FROM address) AS admitted,
           set_config('synchronous_commit', 'off', true)
""")
WAIT: Final = text("""
    SELECT blocked_until - clock_timestamp() AS wait FROM sign_in_sources
    WHERE address_hash = :address AND source = :source
""")
# The source's failures since its last success were counted for the address too, and are given back with it.
SUCCEED: Final = text("""
    WITH before AS (
        SELECT failures FROM sign_in_sources WHERE address_hash = :address AND source = :source FOR UPDATE
    ), source AS (
        INSERT INTO sign_in_sources (address_hash, source, succeeded_at, kept_until)
        SELECT :address, :source, clock_timestamp(), clock_timestamp() + CAST(:known_for AS interval)
        FROM (SELECT) one LEFT JOIN before ON true
        ON CONFLICT (address_hash, source) DO UPDATE SET
            failures = 0, blocked_until = NULL, succeeded_at = excluded.succeeded_at, kept_until = excluded.kept_until
        RETURNING true
    )
    UPDATE sign_in_addresses AS known SET
        attempts = GREATEST(known.attempts - before.failures, 0),
        kept_until = CASE WHEN known.attempts - before.failures >= :most THEN 'infinity'
                          ELSE clock_timestamp() + (known.attempts - before.failures) * interval '1 day' END
    FROM source, before
    WHERE known.address_hash = :address
""")
IS_KNOWN: Final = text("""
    SELECT EXISTS (SELECT FROM sign_in_sources WHERE address_hash = :address AND source = :source
                   AND succeeded_at > clock_timestamp() - CAST(:known_for AS interval))
""")
NOTE_WAIT: Final = text("""
    UPDATE sign_in_sources SET noted = true
    WHERE address_hash = :address AND source = :source AND NOT noted RETURNING true
""")
NOTE_CLOSED: Final = text("""
    UPDATE sign_in_addresses SET noted_at = clock_timestamp()
    WHERE address_hash = :address
      AND (noted_at IS NULL OR noted_at < clock_timestamp() - CAST(:longest AS interval)) RETURNING true
""")
FORGET: Final = (
    text("DELETE FROM sign_in_sources WHERE address_hash = :address"),
    text("DELETE FROM sign_in_addresses WHERE address_hash = :address"),
)
FORGET_OLD: Final = (
    text("""
        DELETE FROM sign_in_sources WHERE (address_hash, source) IN (
            SELECT address_hash, source FROM sign_in_sources WHERE kept_until < clock_timestamp()
            LIMIT :most FOR UPDATE SKIP LOCKED) RETURNING true
    """),
    text("""
        DELETE FROM sign_in_addresses WHERE address_hash IN (
            SELECT address_hash FROM sign_in_addresses WHERE kept_until < clock_timestamp()
            LIMIT :most FOR UPDATE SKIP LOCKED) RETURNING true
    """),
)


@dataclass(frozen=True, slots=True)
class ThrottleRepository:
    """`ThrottleStore` in PostgreSQL."""

    session: Executor

    async def count(self, key: AttemptKey) -> Verdict:
        row = (await self.session.execute(COUNT, {**where(key), **RULES})).one()
        if row.admitted:
            return Verdict.admitted
        return Verdict.closed if row.counted else Verdict.waits

    async def wait(self, key: AttemptKey) -> timedelta:
        left: timedelta | None = (await self.session.execute(WAIT, where(key))).scalar()
        return left or timedelta(0)

    async def succeed(self, key: AttemptKey) -> None:
        await self.session.execute(SUCCEED, {**where(key), **RULES})

    async def is_known(self, key: AttemptKey) -> bool:
        return bool((await self.session.execute(IS_KNOWN, {**where(key), "known_for": KNOWN_FOR})).scalar_one())

    async def is_first_refusal(self, key: AttemptKey, verdict: Verdict) -> bool:
        statement = NOTE_WAIT if verdict is Verdict.waits else NOTE_CLOSED
        return bool((await self.session.execute(statement, {**where(key), **RULES})).scalar())

    async def forget(self, address: bytes) -> None:
        for statement in FORGET:
            await self.session.execute(statement, {"address": address})

    async def forget_old(self, most: int) -> int:
        return max([len((await self.session.execute(each, {"most": most})).all()) for each in FORGET_OLD])


def where(key: AttemptKey) -> dict[str, Any]:
    return {"address": key.address, "source": key.source}
