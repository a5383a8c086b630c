"""Identities of services in PostgreSQL."""

from dataclasses import dataclass
from typing import Final

from sqlalchemy import BigInteger, bindparam, cast, func, select
from sqlalchemy.dialects.postgresql import insert

from auth.models import ServiceClient as Table
from auth.services.records import ServiceIdentity
from common.db.database import Executor

FIND: Final = select(
    Table.secret_hash,
    Table.previous_hash,
    cast(func.floor(func.extract("epoch", func.clock_timestamp())), BigInteger).label("now"),
).where(Table.client_id == bindparam("client"))
_PUT = insert(Table)
# A new secret keeps the previous one valid; the same secret again changes nothing.
PUT: Final = _PUT.on_conflict_do_update(
    index_elements=[Table.client_id],
    set_={"previous_hash": Table.secret_hash, "secret_hash": _PUT.excluded.secret_hash, "updated_at": func.now()},
    where=Table.secret_hash != _PUT.excluded.secret_hash,
)


@dataclass(frozen=True, slots=True)
class ClientRepository:
    """`ClientStore` in PostgreSQL."""

    session: Executor

    async def find(self, client_id: str) -> ServiceIdentity | None:
        row = (await self.session.execute(FIND, {"client": client_id})).one_or_none()
        if row is None:
            return None
        return ServiceIdentity([known for known in (row.secret_hash, row.previous_hash) if known], row.now)

    async def put(self, client_id: str, secret_hash: bytes) -> None:
        await self.session.execute(PUT, {"client_id": client_id, "secret_hash": secret_hash})
