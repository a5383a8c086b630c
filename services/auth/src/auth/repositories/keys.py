"""Signing keys in PostgreSQL."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Final

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from auth.models import SigningKey as Table
from auth.services.records import StoredKey
from common.database import Runs

PUBLISHED: Final = (
    select(Table.kid, Table.public_jwk, Table.private_key, Table.state)
    .where(Table.state.in_(("next", "active", "retired")))
    .order_by(Table.created_at.desc())
)
# The unique index allows one active key: of several replicas that start together, one makes it.
ADD_FIRST: Final = insert(Table).on_conflict_do_nothing()


@dataclass(frozen=True, slots=True)
class KeyRepository:
    """`KeyStore` in PostgreSQL."""

    session: Runs

    async def all(self) -> Sequence[StoredKey]:
        return [StoredKey(**row) for row in (await self.session.execute(PUBLISHED)).mappings()]

    async def add_first(self, key: StoredKey) -> None:
        await self.session.execute(ADD_FIRST, asdict(key))
