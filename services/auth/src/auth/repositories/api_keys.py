"""API keys in PostgreSQL. All times are the database's own."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa

from auth.models import Account as Accounts
from auth.models import ApiKey as Table
from auth.repositories.accounts import COLUMNS
from auth.services.api_keys.records import ApiKey, UsableKey
from common.db.database import Executor
from common.db.rows import RowReader
from common.events.revocations import LONGEST

NOW: Final = sa.func.clock_timestamp()
NOTED_EVERY: Final = timedelta(minutes=5)
"""So that a key in use costs one write in this time, not one per exchange."""
UNTIL: Final = NOW + sa.literal(LONGEST, sa.Interval)
NOTED: Final = Table.last_used_at > NOW - sa.literal(NOTED_EVERY, sa.Interval)
VALID: Final = Table.revoked_at.is_(None)
EXPIRED: Final = sa.func.coalesce(Table.expires_at <= NOW, sa.false())
SHOWN: Final = (
    Table.id,
    Table.name,
    Table.scopes,
    Table.created_at,
    Table.expires_at,
    Table.last_used_at,
    EXPIRED.label("expired"),
)
OF: Final = (
    sa.select(*SHOWN)
    .where(Table.account_id == sa.bindparam("account"), VALID)
    .order_by(Table.created_at.desc(), Table.id.desc())
)
ADD: Final = (
    sa.insert(Table)
    .values(
        id=sa.bindparam("key"),
        account_id=sa.bindparam("account"),
        key_hash=sa.bindparam("hashed"),
        name=sa.bindparam("called"),
        scopes=sa.bindparam("allowed"),
        expires_at=NOW + sa.bindparam("lasts", type_=sa.Interval),
    )
    .returning(*SHOWN)
)


def seconds(moment: sa.SQLColumnExpression[Any]) -> sa.ColumnElement[int]:
    return sa.cast(sa.func.floor(sa.func.extract("epoch", moment)), sa.BigInteger)


NOT_BEFORE: Final = next(column for column in COLUMNS if column.name == "tokens_not_before")
USABLE: Final = (
    sa.select(
        Table.id,
        Table.account_id,
        Table.scopes,
        NOT_BEFORE,
        seconds(NOW).label("now"),
        seconds(Table.expires_at).label("expires_at"),
        sa.func.coalesce(NOTED, sa.false()).label("noted"),
    )
    .join(Accounts, Accounts.id == Table.account_id)
    .where(Table.key_hash == sa.bindparam("hashed"), VALID, ~EXPIRED, Accounts.status == "active")
)
# Of several exchanges at once, one writes: the others see its result after waiting for the row.
NOTE_USE: Final = (
    sa.update(Table)
    .where(Table.id == sa.bindparam("key"), VALID, sa.func.coalesce(~NOTED, sa.true()))
    .values(last_used_at=NOW)
)
FIND: Final = sa.select(Table.id, Table.account_id).where(Table.key_hash == sa.bindparam("hashed"), VALID)
REVOKE_ALL: Final = (
    sa.update(Table)
    .where(Table.account_id == sa.bindparam("account"), VALID)
    .values(revoked_at=NOW, revoke_reason=sa.bindparam("reason"))
    .returning(Table.id, UNTIL.label("until"))
)
REVOKE: Final = REVOKE_ALL.where(Table.id == sa.bindparam("key"))
FORGET: Final = sa.text("""
    DELETE FROM api_keys WHERE id = ANY (ARRAY(
        SELECT id FROM api_keys
        WHERE revoked_at < now() - CAST(:kept AS interval) OR expires_at < now() - CAST(:kept AS interval)
        LIMIT :most FOR UPDATE SKIP LOCKED))
    RETURNING id
""")
API_KEY: Final = RowReader(ApiKey)
USABLE_KEY: Final = RowReader(UsableKey)


@dataclass(frozen=True, slots=True)
class ApiKeyRepository:
    """`ApiKeyStore` in PostgreSQL."""

    session: Executor

    async def of(self, account_id: int) -> Sequence[ApiKey]:
        return API_KEY.all(await self.session.execute(OF, {"account": account_id}))

    async def add(
        self, key_id: UUID, account_id: int, key_hash: bytes, name: str, scopes: Sequence[str], lasts: timedelta | None
    ) -> ApiKey:
        values = {"key": key_id, "account": account_id, "hashed": key_hash, "called": name, "allowed": list(scopes)}
        return API_KEY.read((await self.session.execute(ADD, {**values, "lasts": lasts})).one())

    async def usable(self, key_hash: bytes) -> UsableKey | None:
        return USABLE_KEY.one(await self.session.execute(USABLE, {"hashed": key_hash}))

    async def note_use(self, key_id: UUID) -> None:
        await self.session.execute(NOTE_USE, {"key": key_id})

    async def find(self, key_hash: bytes) -> tuple[UUID, int] | None:
        row = (await self.session.execute(FIND, {"hashed": key_hash})).one_or_none()
        return (row.id, row.account_id) if row else None

    async def revoke(self, key_id: UUID, account_id: int, reason: str) -> datetime | None:
        params = {"key": key_id, "account": account_id, "reason": reason}
        row = (await self.session.execute(REVOKE, params)).one_or_none()
        return row.until if row else None

    async def revoke_all(self, account_id: int, reason: str) -> Sequence[tuple[UUID, datetime]]:
        found = await self.session.execute(REVOKE_ALL, {"account": account_id, "reason": reason})
        return [(row.id, row.until) for row in found]

    async def forget_over(self, kept: timedelta, most: int) -> int:
        return len((await self.session.execute(FORGET, {"kept": kept, "most": most})).all())
