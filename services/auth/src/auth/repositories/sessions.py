"""Sessions in PostgreSQL. Every time is the database's own: one clock for all replicas."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import BigInteger, ColumnElement, Interval, bindparam, cast, func, select, update
from sqlalchemy.dialects.postgresql import insert

from auth.models import Account
from auth.models import Session as Table
from auth.repositories.accounts import COLUMNS, read_account
from auth.services.records import Device, Session
from common.database import Runs

NOW: Final = func.clock_timestamp()
ALIVE: Final[ColumnElement[bool]] = (
    Table.ended_at.is_(None)
    & (Table.rotated_at + bindparam("idle", type_=Interval) > NOW)
    & (Table.created_at + bindparam("absolute", type_=Interval) > NOW)
)
FIND: Final = (
    select(
        *COLUMNS,
        Table.id.label("session_id"),
        Table.generation,
        Table.secret,
        (ALIVE & (Account.status == "active")).label("alive"),
        (Table.rotated_at + bindparam("grace", type_=Interval) > NOW).label("in_grace"),
        cast(func.floor(func.extract("epoch", NOW)), BigInteger).label("now"),
    )
    .join(Account, Account.id == Table.account_id)
    .where(Table.id == bindparam("sid"))
)
FIND_LOCKED: Final = FIND.with_for_update(of=Table)
ROTATE: Final = (
    update(Table)
    .where(Table.id == bindparam("sid"), Table.generation == bindparam("current"), ALIVE)
    .values(generation=Table.generation + 1, rotated_at=NOW)
    .returning(Table.id)
)
END: Final = (
    update(Table)
    .where(Table.id == bindparam("sid"), Table.ended_at.is_(None))
    .values(ended_at=NOW, end_reason=bindparam("reason"))
    .returning(Table.id)
)
OPEN: Final = insert(Table)


@dataclass(frozen=True, slots=True)
class Lifetimes:
    """How long sessions last."""

    idle: timedelta
    absolute: timedelta
    grace: timedelta


@dataclass(frozen=True, slots=True)
class SessionRepository:
    """`SessionStore` in PostgreSQL."""

    session: Runs
    lifetimes: Lifetimes

    @property
    def _limits(self) -> dict[str, Any]:
        return {"idle": self.lifetimes.idle, "absolute": self.lifetimes.absolute}

    async def open(self, session_id: UUID, account_id: int, secret: bytes, device: Device) -> None:
        values = {"id": session_id, "account_id": account_id, "secret": secret}
        await self.session.execute(OPEN, {**values, "user_agent": device.user_agent, "ip": device.ip})

    async def find(self, session_id: UUID, *, lock: bool = False) -> Session | None:
        statement = FIND_LOCKED if lock else FIND
        params = {"sid": session_id, "grace": self.lifetimes.grace, **self._limits}
        row = (await self.session.execute(statement, params)).one_or_none()
        if row is None:
            return None
        return Session(
            id=row.session_id,
            account=read_account(row),
            generation=row.generation,
            secret=row.secret,
            alive=row.alive,
            in_grace=row.in_grace,
            now=row.now,
        )

    async def rotate(self, session_id: UUID, generation: int) -> bool:
        params = {"sid": session_id, "current": generation, **self._limits}
        return (await self.session.execute(ROTATE, params)).one_or_none() is not None

    async def end(self, session_id: UUID, reason: str) -> bool:
        params = {"sid": session_id, "reason": reason}
        return (await self.session.execute(END, params)).one_or_none() is not None
