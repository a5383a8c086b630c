"""Signing keys in PostgreSQL."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from sqlalchemy import Interval, and_, bindparam, func, literal, or_, select, text, update
from sqlalchemy.dialects.postgresql import insert

from auth.models import SigningKey as Table
from auth.services.records import KeyLine, StoredKey
from common.db.database import Executor
from common.db.rows import RowReader

NOW: Final = func.clock_timestamp()
PUBLISHED: Final = (
    select(
        Table.kid,
        Table.public_jwk,
        Table.private_key,
        Table.state,
        (NOW - Table.created_at).label("age"),
        func.coalesce(NOW - Table.activated_at, literal(timedelta(0), Interval)).label("active_for"),
    )
    .where(
        or_(
            Table.state == "next",
            Table.state == "active",
            and_(Table.state == "retired", Table.retired_at > NOW - bindparam("retired_for", type_=Interval)),
        )
    )
    .order_by(Table.created_at.desc())
)
LINES: Final = select(Table.kid, Table.state, Table.created_at, Table.activated_at, Table.retired_at).order_by(
    Table.created_at.desc()
)
# Only one process at a time manages the keys. No other advisory lock of auth uses this number.
LOCK: Final = text("SELECT pg_advisory_xact_lock(hashtext('trivium signing keys'))")
ADD: Final = insert(Table)
# A key that no longer signs needs no private half.
RETIRE: Final = update(Table).where(Table.state == "active").values(state="retired", retired_at=NOW, private_key=b"")
ACTIVATE: Final = update(Table).where(Table.kid == bindparam("which")).values(state="active", activated_at=NOW)
REVOKE: Final = (
    update(Table)
    .where(Table.kid == bindparam("which"), Table.state != "revoked")
    .values(state="revoked", retired_at=func.coalesce(Table.retired_at, NOW), private_key=b"")
    .returning(Table.kid)
)
STORED_KEY: Final = RowReader(StoredKey)
KEY_LINE: Final = RowReader(KeyLine)


@dataclass(frozen=True, slots=True)
class KeyRepository:
    """`KeyStore` in PostgreSQL."""

    session: Executor

    async def published(self, retired_for: timedelta) -> Sequence[StoredKey]:
        return STORED_KEY.all(await self.session.execute(PUBLISHED, {"retired_for": retired_for}))

    async def lines(self) -> Sequence[KeyLine]:
        return KEY_LINE.all(await self.session.execute(LINES))

    async def lock(self) -> None:
        await self.session.execute(LOCK)

    async def add(self, key: StoredKey) -> None:
        values: dict[str, Any] = {"kid": key.kid, "public_jwk": key.public_jwk, "private_key": key.private_key}
        await self.session.execute(ADD, {**values, "state": key.state})

    async def activate(self, kid: str) -> None:
        await self.session.execute(RETIRE)
        await self.session.execute(ACTIVATE, {"which": kid})

    async def revoke(self, kid: str) -> bool:
        return (await self.session.execute(REVOKE, {"which": kid})).one_or_none() is not None
