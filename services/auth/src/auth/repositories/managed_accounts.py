"""Accounts in PostgreSQL, for admins."""

from collections.abc import Sequence, Set
from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa

from auth.models import Account as Table
from auth.repositories.accounts import CATCH_UP, COLUMNS, FLOOR_OF_ALL
from auth.services.records import AccountFilter, ManagedAccount, Role
from common.db.database import Executor
from common.db.rows import RowReader
from common.ports import Page
from common.schemas import MAX_ID


def has_role(role: Role) -> sa.ColumnElement[bool]:
    return sa.literal(role, sa.Text) == sa.any_(Table.roles)


ALL: Final = (*COLUMNS, Table.created_at)
# The exact conditions of the partial indexes: the planner does not match them with a parameter.
WITH_ROLES: Final = sa.text("roles <> '{}'")
NOT_ACTIVE: Final = sa.text("status <> 'active'")
NOW: Final = sa.cast(sa.func.floor(sa.func.extract("epoch", sa.func.clock_timestamp())), sa.BigInteger)
GET: Final = sa.select(*ALL).where(Table.id == sa.bindparam("account"))
ID_OF: Final = sa.select(Table.id).where(Table.email == sa.bindparam("address"))
# No key update: rows that refer to the account (sessions, one-time tokens) may still change meanwhile.
LOCK: Final = GET.with_for_update(key_share=True, of=Table)
# One lock instead of locks on the admins' rows: a waiter keeps such a row lock even if the row is no admin's by then.
# So two callers who demote the same people could deadlock.
ONE_AT_A_TIME: Final = sa.select(sa.func.pg_advisory_xact_lock(sa.func.hashtextextended("auth: managing accounts", 0)))
ADMINS: Final = sa.select(Table.id).where(WITH_ROLES, has_role(Role.admin), Table.status == "active")
CHANGE: Final = (
    sa.update(Table)
    .where(Table.id == sa.bindparam("account"))
    .values(status=sa.bindparam("new_status"), roles=sa.bindparam("new_roles"), version=Table.version + 1)
    .returning(*ALL)
)
# Twice within a second, or after a floor of all: tokens may already be dated at the coming moment.
RAISE_TOKEN_FLOOR: Final = (
    sa.update(Table)
    .where(Table.id == sa.bindparam("account"))
    .values(tokens_not_before=sa.func.greatest(NOW, Table.tokens_not_before, FLOOR_OF_ALL.scalar_subquery()) + 1)
    .returning(*ALL)
)
MANAGED_ACCOUNT: Final = RowReader(ManagedAccount)


def pattern(part: str) -> str:
    """A LIKE pattern for a part of a text, with LIKE's own characters escaped (S-37)."""
    for sign in ("\\", "%", "_"):
        part = part.replace(sign, f"\\{sign}")
    return f"%{part.lower()}%"


@dataclass(frozen=True, slots=True)
class ManagedAccountRepository:
    """`ManagedAccountStore` in PostgreSQL."""

    session: Executor

    async def page(self, wanted: AccountFilter, limit: int, before: int | None) -> Page[ManagedAccount]:
        statement = sa.select(*ALL).order_by(Table.id.desc()).limit(limit + 1)
        if wanted.text is not None:
            found = Table.search.like(pattern(wanted.text))
            is_id = (
                wanted.text.isascii()
                and wanted.text.isdecimal()
                and len(wanted.text) <= 16
                and int(wanted.text) <= MAX_ID
            )
            statement = statement.where(sa.or_(found, Table.id == int(wanted.text)) if is_id else found)
        if wanted.role is not None:
            statement = statement.where(WITH_ROLES, has_role(wanted.role))
        if wanted.status is not None:
            statement = statement.where(Table.status == wanted.status)
            statement = statement if wanted.status == "active" else statement.where(NOT_ACTIVE)
        if before is not None:
            statement = statement.where(Table.id < before)
        return Page.cut(MANAGED_ACCOUNT.all(await self.session.execute(statement)), limit)

    async def get(self, account_id: int) -> ManagedAccount | None:
        return MANAGED_ACCOUNT.one(await self.session.execute(GET, {"account": account_id}))

    async def id_of(self, email: str) -> int | None:
        account_id: int | None = (await self.session.execute(ID_OF, {"address": email})).scalar_one_or_none()
        return account_id

    async def lock_admins(self) -> Set[int]:
        await self.session.execute(ONE_AT_A_TIME)
        return set((await self.session.execute(ADMINS)).scalars())

    async def lock(self, account_id: int) -> ManagedAccount | None:
        return MANAGED_ACCOUNT.one(await self.session.execute(LOCK, {"account": account_id}))

    async def change(self, account_id: int, status: str, roles: Sequence[str]) -> ManagedAccount:
        values = {"account": account_id, "new_status": status, "new_roles": list(roles)}
        return MANAGED_ACCOUNT.read((await self.session.execute(CHANGE, values)).one())

    async def raise_token_floor(self, account_id: int) -> ManagedAccount:
        await self.session.execute(CATCH_UP, {"account": account_id})
        return MANAGED_ACCOUNT.read((await self.session.execute(RAISE_TOKEN_FLOOR, {"account": account_id})).one())
