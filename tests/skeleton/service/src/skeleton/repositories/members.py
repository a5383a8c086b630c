"""Members in PostgreSQL."""

from dataclasses import dataclass
from typing import Final

from sqlalchemy import BigInteger, bindparam, select
from sqlalchemy.dialects.postgresql import insert

from common.db.database import Executor
from common.db.rows import RowReader
from skeleton.models import Erased
from skeleton.models import Member as Table
from skeleton.services.records import Member

ACCOUNT: Final = bindparam("account", type_=BigInteger)
ADD: Final = insert(Table).values(id=ACCOUNT).on_conflict_do_nothing().returning(Table.id, Table.since)
GONE: Final = select(Erased.account_id).where(Erased.account_id == ACCOUNT).exists()
GET: Final = select(Table.id, Table.since).where(Table.id == ACCOUNT, ~GONE)  # rows may outlive the account by seconds
MEMBER: Final = RowReader(Member)


@dataclass(frozen=True, slots=True)
class MemberRepository:
    """`MemberReader` and `MemberStore` in PostgreSQL."""

    session: Executor

    async def get(self, account_id: int) -> Member | None:
        return MEMBER.one(await self.session.execute(GET, {"account": account_id}))

    async def add(self, account_id: int) -> Member | None:
        new = MEMBER.one(await self.session.execute(ADD, {"account": account_id}))
        return new or await self.get(account_id)
