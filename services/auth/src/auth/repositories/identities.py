"""Identities at providers in PostgreSQL."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import bindparam, delete, func, select, update
from sqlalchemy.dialects.postgresql import insert

from auth.models import Identity as Table
from auth.services.providers.records import Identity, Told
from common.db.database import Executor
from common.db.rows import RowReader

COLUMNS: Final = (
    Table.account_id,
    Table.provider,
    Table.subject,
    Table.email,
    Table.created_at,
    Table.last_used_at,
)
BY_SUBJECT: Final = (Table.provider == bindparam("at"), Table.subject == bindparam("who"))
FIND: Final = select(*COLUMNS).where(*BY_SUBJECT)
OF: Final = select(*COLUMNS).where(Table.account_id == bindparam("account")).order_by(Table.provider)
# On a conflict of either: another account has the identity, or the account has another one of the provider.
ADD: Final = insert(Table).on_conflict_do_nothing().returning(Table.account_id)
USE: Final = (
    update(Table)
    .where(*BY_SUBJECT, Table.account_id == bindparam("account"))
    .values(email=bindparam("address"), last_used_at=func.clock_timestamp())
    .returning(Table.account_id)
)
REMOVE: Final = (
    delete(Table)
    .where(Table.account_id == bindparam("account"), Table.provider == bindparam("at"))
    .returning(Table.account_id)
)
IDENTITY: Final = RowReader(Identity)


@dataclass(frozen=True, slots=True)
class IdentityRepository:
    """`IdentityStore` in PostgreSQL."""

    session: Executor

    async def find(self, provider: str, subject: str) -> Identity | None:
        return IDENTITY.one(await self.session.execute(FIND, {"at": provider, "who": subject}))

    async def of(self, account_id: int) -> Sequence[Identity]:
        return IDENTITY.all(await self.session.execute(OF, {"account": account_id}))

    async def add(self, account_id: int, provider: str, told: Told) -> bool:
        values = {"account_id": account_id, "provider": provider, "subject": told.subject, "email": told.email}
        return (await self.session.execute(ADD, values)).scalar() is not None

    async def use(self, account_id: int, provider: str, told: Told) -> bool:
        params = {"account": account_id, "at": provider, "who": told.subject, "address": told.email}
        return (await self.session.execute(USE, params)).scalar() is not None

    async def remove(self, account_id: int, provider: str) -> bool:
        return (await self.session.execute(REMOVE, {"account": account_id, "at": provider})).scalar() is not None
