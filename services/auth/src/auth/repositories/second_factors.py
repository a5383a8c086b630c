"""Authenticators and recovery codes in PostgreSQL. All times are the database's own."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from sqlalchemy import text

from auth.services.second_factor.records import FactorStatus, StoredFactor
from common.db.database import Executor
from common.db.rows import RowReader

STATUS: Final = text("""
    SELECT accounts.second_factor AS on, confirmed_at AS since,
        (SELECT count(*) FROM recovery_codes WHERE recovery_codes.account_id = accounts.id) AS recovery_codes_left
    FROM accounts LEFT JOIN second_factors ON account_id = accounts.id WHERE accounts.id = :account
""")
FIND: Final = text("""
    SELECT secret, confirmed_at IS NOT NULL AS is_on, floor(extract(epoch FROM clock_timestamp()))::bigint AS now
    FROM second_factors
    WHERE account_id = :account
      AND (confirmed_at IS NOT NULL OR created_at > clock_timestamp() - CAST(:kept AS interval))
""")
PUT: Final = text("""
    INSERT INTO second_factors AS known (account_id, secret) VALUES (:account, :secret)
    ON CONFLICT (account_id) DO UPDATE SET secret = excluded.secret, created_at = clock_timestamp()
    WHERE known.confirmed_at IS NULL RETURNING true
""")
TURN_ON: Final = text("""
    UPDATE second_factors SET confirmed_at = clock_timestamp(), last_step = :step
    WHERE account_id = :account AND confirmed_at IS NULL RETURNING true
""")
USE_STEP: Final = text("""
    UPDATE second_factors SET last_step = :step
    WHERE account_id = :account AND confirmed_at IS NOT NULL AND last_step < :step RETURNING true
""")
RENEW: Final = text("""
    UPDATE second_factors SET secret = :new WHERE account_id = :account AND secret = :old RETURNING true
""")
SECRETS: Final = text("""
    SELECT account_id, secret FROM second_factors WHERE account_id > :after ORDER BY account_id LIMIT :most
""")
DROP_CODES: Final = text("DELETE FROM recovery_codes WHERE account_id = :account")
ADD_CODES: Final = text("""
    INSERT INTO recovery_codes (account_id, code_hash) SELECT :account, unnest(CAST(:hashes AS bytea[]))
""")
USE_CODE: Final = text("""
    DELETE FROM recovery_codes WHERE account_id = :account AND code_hash = :hashed RETURNING true
""")
REMOVE: Final = text("DELETE FROM second_factors WHERE account_id = :account RETURNING confirmed_at IS NOT NULL")
# Sessions that continue have proven one factor of an account that has one.
FORGET_PROOFS: Final = text("""
    UPDATE sessions SET methods = array_remove(methods, 'mfa') WHERE account_id = :account AND ended_at IS NULL
""")
FORGET_PENDING: Final = text("""
    DELETE FROM second_factors
    WHERE confirmed_at IS NULL AND created_at < clock_timestamp() - CAST(:kept AS interval)
""")
STORED_FACTOR: Final = RowReader(StoredFactor)
FACTOR_STATUS: Final = RowReader(FactorStatus)


@dataclass(frozen=True, slots=True)
class SecondFactorRepository:
    """`SecondFactorStore` in PostgreSQL."""

    session: Executor

    async def status(self, account_id: int) -> FactorStatus:
        return FACTOR_STATUS.read((await self.session.execute(STATUS, {"account": account_id})).one())

    async def find(self, account_id: int, kept: timedelta) -> StoredFactor | None:
        return STORED_FACTOR.one(await self.session.execute(FIND, {"account": account_id, "kept": kept}))

    async def put(self, account_id: int, secret: bytes) -> bool:
        return bool((await self.session.execute(PUT, {"account": account_id, "secret": secret})).scalar())

    async def turn_on(self, account_id: int, step: int) -> bool:
        return bool((await self.session.execute(TURN_ON, {"account": account_id, "step": step})).scalar())

    async def use_step(self, account_id: int, step: int) -> bool:
        return bool((await self.session.execute(USE_STEP, {"account": account_id, "step": step})).scalar())

    async def renew(self, account_id: int, old: bytes, new: bytes) -> bool:
        values = {"account": account_id, "old": old, "new": new}
        return bool((await self.session.execute(RENEW, values)).scalar())

    async def secrets(self, after: int, most: int) -> Sequence[tuple[int, bytes]]:
        found = await self.session.execute(SECRETS, {"after": after, "most": most})
        return [(row.account_id, row.secret) for row in found]

    async def replace_codes(self, account_id: int, hashes: Sequence[bytes]) -> None:
        await self.session.execute(DROP_CODES, {"account": account_id})
        await self.session.execute(ADD_CODES, {"account": account_id, "hashes": list(hashes)})

    async def use_code(self, account_id: int, code_hash: bytes) -> bool:
        return bool((await self.session.execute(USE_CODE, {"account": account_id, "hashed": code_hash})).scalar())

    async def remove(self, account_id: int) -> bool:
        await self.session.execute(DROP_CODES, {"account": account_id})
        await self.session.execute(FORGET_PROOFS, {"account": account_id})
        return bool((await self.session.execute(REMOVE, {"account": account_id})).scalar())

    async def forget_pending(self, kept: timedelta) -> None:
        await self.session.execute(FORGET_PENDING, {"kept": kept})
