"""Accounts in PostgreSQL."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import BigInteger, Row, bindparam, cast, exists, func, select, update
from sqlalchemy.dialects.postgresql import insert

from auth.models import Account as Table
from auth.models import TokenFloor
from auth.services.records import Account, Credentials
from common.database import Runs
from common.events import EVERYBODY

# What holds for everybody (`services.ending.revoke_all_tokens`) holds for this account too, whichever is later.
FLOOR_OF_ALL: Final = select(TokenFloor.not_before).where(TokenFloor.account_id == EVERYBODY)
NEXT_SECOND: Final = select(cast(func.floor(func.extract("epoch", func.clock_timestamp())) + 1, BigInteger))
COLUMNS: Final = (
    Table.id,
    Table.email,
    Table.name,
    Table.roles,
    Table.status,
    Table.email_verified_at.is_not(None).label("email_verified"),
    func.greatest(Table.tokens_not_before, FLOOR_OF_ALL.scalar_subquery()).label("tokens_not_before"),
    Table.version,
)
# Any conflict, of the address or of the id: one statement, so that of two sign-ups only one can win.
ADD: Final = insert(Table).on_conflict_do_nothing().returning(*COLUMNS)
GET: Final = select(*COLUMNS).where(Table.id == bindparam("account_id"))
PAGE: Final = select(*COLUMNS).where(Table.id > bindparam("after")).order_by(Table.id).limit(bindparam("most"))
CREDENTIALS: Final = select(*COLUMNS, Table.password_hash).where(Table.email == bindparam("address"))
HAS_EMAIL: Final = select(exists().where(Table.email == bindparam("address")))
REPLACE_HASH: Final = (
    update(Table)
    .where(Table.id == bindparam("account_id"), Table.password_hash == bindparam("old"))
    .values(password_hash=bindparam("new"))
    .returning(Table.id)
)


def read_account(row: Row[Any]) -> Account:
    """From a row that begins with COLUMNS."""
    return Account(*row[: len(COLUMNS)])


@dataclass(frozen=True, slots=True)
class AccountRepository:
    """`AccountStore` in PostgreSQL."""

    session: Runs

    async def add(self, account_id: int, email: str, password_hash: str, name: str) -> Account | None:
        values = {"id": account_id, "email": email, "password_hash": password_hash, "name": name}
        row = (await self.session.execute(ADD, values)).one_or_none()
        return read_account(row) if row else None

    async def get(self, account_id: int) -> Account | None:
        row = (await self.session.execute(GET, {"account_id": account_id})).one_or_none()
        return read_account(row) if row else None

    async def page(self, after: int, limit: int) -> Sequence[Account]:
        found = await self.session.execute(PAGE, {"after": after, "most": limit})
        return [read_account(row) for row in found]

    async def credentials(self, email: str) -> Credentials | None:
        row = (await self.session.execute(CREDENTIALS, {"address": email})).one_or_none()
        return Credentials(read_account(row), row.password_hash) if row else None

    async def next_second(self) -> int:
        return int((await self.session.execute(NEXT_SECOND)).scalar_one())

    async def has_email(self, email: str) -> bool:
        return bool((await self.session.execute(HAS_EMAIL, {"address": email})).scalar_one())

    async def replace_hash(self, account_id: int, old: str, new: str) -> bool:
        found = await self.session.execute(REPLACE_HASH, {"account_id": account_id, "old": old, "new": new})
        return found.one_or_none() is not None
