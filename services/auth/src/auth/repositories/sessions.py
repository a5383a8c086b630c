"""Sessions in PostgreSQL. All times are the database's own: one clock for all replicas."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from auth.models import Account as Accounts
from auth.models import Session as Table
from auth.repositories.accounts import ACCOUNT, COLUMNS
from auth.services.records import Account, Credentials, Device, OpenSession, Session
from common.db.database import Executor
from common.db.rows import RowReader
from common.events.revocations import LONGEST
from common.ports import Page

NOW: Final = sa.func.clock_timestamp()
MOST: Final = 100
"""Most open sessions of an account. Ending them all must be one short statement, whoever has its password."""
MOST_ENDED: Final = 1000
STEP: Final = 10
ALIVE: Final[sa.ColumnElement[bool]] = (
    Table.ended_at.is_(None)
    & (Table.rotated_at + sa.bindparam("idle", type_=sa.Interval) > NOW)
    & (Table.created_at + sa.bindparam("absolute", type_=sa.Interval) > NOW)
)
REISSUED: Final = Table.reissued_as == Table.generation
PARENT: Final = sa.case((REISSUED, Table.reissued_for), else_=Table.generation - 1)
REISSUES: Final = sa.case((REISSUED, Table.reissues), else_=0)
# When it last got an access token. PostgreSQL's GREATEST ignores NULL.
USED: Final = sa.func.greatest(Table.rotated_at, Table.reissued_at)
PROVEN_AT: Final = sa.cast(
    sa.func.floor(sa.func.extract("epoch", sa.func.coalesce(Table.confirmed_at, Table.created_at))), sa.BigInteger
)
FIND: Final = (
    sa.select(
        *COLUMNS,
        Table.id.label("session_id"),
        Table.client,
        Table.methods,
        PROVEN_AT.label("proven_at"),
        Table.generation,
        PARENT.label("parent"),
        REISSUES.label("reissues"),
        Table.secret,
        (ALIVE & (Accounts.status == "active")).label("alive"),
        (USED + sa.bindparam("grace", type_=sa.Interval) > NOW).label("in_grace"),
        sa.cast(sa.func.floor(sa.func.extract("epoch", NOW)), sa.BigInteger).label("now"),
    )
    .join(Accounts, Accounts.id == Table.account_id)
    .where(Table.id == sa.bindparam("sid"))
)
FIND_LOCKED: Final = FIND.with_for_update(of=Table)
# Locks the account until the statement, or the transaction around it, ends. A change of the account waits for that, and
# then refuses tokens of that moment. So it refuses these, which are dated by a reading before; or it came first.
ACTIVE: Final = (
    sa.select(*COLUMNS)
    .where(Accounts.id == sa.bindparam("account"), Accounts.status == "active")
    .with_for_update(read=True, of=Accounts)
    .cte("active")
)
ROTATE: Final = (
    sa.update(Table)
    .where(Table.id == sa.bindparam("sid"), Table.generation == sa.bindparam("current"), ALIVE)
    .where(Table.account_id == ACTIVE.c.id)
    .values(generation=Table.generation + 1, rotated_at=NOW)
    .returning(*ACTIVE.c)
)
USE: Final = (
    sa.update(Table)
    .where(Table.id == sa.bindparam("sid"), ALIVE)
    .where(Table.account_id == ACTIVE.c.id)
    .values(rotated_at=NOW)
    .returning(*ACTIVE.c)
)
# The caller has locked the row, and seen whose successor this is. The idle limit does not move: only the use of a
# successor moves it.
REISSUE: Final = (
    sa.update(Table)
    .where(Table.id == sa.bindparam("sid"))
    .values(
        generation=Table.generation + 1,
        reissued_for=sa.bindparam("parent"),
        reissued_as=Table.generation + 1,
        reissued_at=NOW,
        reissues=REISSUES + 1,
    )
    .returning(Table.generation)
)
CONFIRM: Final = (
    sa.update(Table).where(Table.id == sa.bindparam("sid")).values(methods=sa.bindparam("proven"), confirmed_at=NOW)
)
# Until then an access token that was issued before now may be valid, whatever its configured lifetime.
UNTIL: Final = NOW + sa.literal(LONGEST, sa.Interval)
END: Final = (
    sa.update(Table)
    .where(Table.id == sa.bindparam("sid"), Table.ended_at.is_(None))
    .values(ended_at=NOW, end_reason=sa.bindparam("reason"))
    .returning(UNTIL)
)
END_ALL: Final = (
    sa.update(Table)
    .where(Table.account_id == sa.bindparam("account"), Table.ended_at.is_(None))
    .where(Table.id.is_distinct_from(sa.bindparam("but", type_=sa.Uuid)))
    .values(ended_at=NOW, end_reason=sa.bindparam("reason"))
    .returning(Table.id, UNTIL.label("until"), (USED + sa.literal(LONGEST, sa.Interval) > NOW).label("in_use"))
)
_LISTED = (
    sa.select(Table.id, Table.created_at, USED.label("last_used_at"), Table.user_agent, Table.ip)
    .where(Table.account_id == sa.bindparam("account"), ALIVE)
    .order_by(Table.created_at.desc(), Table.id.desc())
    .limit(sa.bindparam("most"))
)
FIRST: Final = _LISTED
NEXT: Final = _LISTED.where(sa.tuple_(Table.created_at, Table.id) < sa.tuple_(sa.bindparam("time"), sa.bindparam("id")))
OWNER: Final = sa.select(Table.account_id).where(Table.id == sa.bindparam("sid"))
# In small batches, so that nobody waits long. Each condition begins with an indexed column, and most rows it finds are
# deleted: idle sessions were also created long ago. By now(), since no index helps with a clock that runs on during the
# statement.
FORGET: Final = sa.text("""
    DELETE FROM sessions WHERE id = ANY (ARRAY(
        SELECT id FROM sessions
        WHERE ended_at < now() - CAST(:kept AS interval)
           OR created_at < now() - CAST(:kept AS interval) - CAST(:absolute AS interval)
           OR (created_at < now() - CAST(:kept AS interval) - CAST(:idle AS interval)
               AND rotated_at < now() - CAST(:kept AS interval) - CAST(:idle AS interval))
        LIMIT :most FOR UPDATE SKIP LOCKED))
    RETURNING id
""")
# Skips sessions in use. A few each time, so that even an account with very many sessions comes down to the limit.
TOO_MANY: Final = sa.text("""
    WITH forgotten AS (
        DELETE FROM sessions WHERE id = ANY (ARRAY(
            SELECT id FROM sessions WHERE account_id = :account AND ended_at IS NOT NULL
            ORDER BY ended_at DESC OFFSET :most_ended LIMIT :step FOR UPDATE SKIP LOCKED)))
    SELECT id FROM sessions WHERE account_id = :account AND ended_at IS NULL
    ORDER BY rotated_at DESC OFFSET :most LIMIT :step FOR UPDATE SKIP LOCKED
""")
# Locks the account against a change of its password, status, roles or second factor. Such a change waits, and then ends
# this session or refuses its tokens. Conversely, this statement sees the result of an earlier change.
WHO: Final = (
    sa.select(*COLUMNS)
    .where(Accounts.id == sa.bindparam("account"), Accounts.password_hash == sa.bindparam("password_hash"))
    .where(Accounts.status == "active", Accounts.second_factor == sa.bindparam("second_factor"))
    .with_for_update(read=True, of=Accounts)
    .cte("who")
)
OPENED: Final = (
    insert(Table)
    .from_select(
        ["id", "account_id", "client", "methods", "secret", "user_agent", "ip"],
        sa.select(
            sa.bindparam("sid", type_=sa.Uuid),
            WHO.c.id,
            sa.bindparam("client", type_=sa.Text),
            sa.bindparam("methods", type_=sa.ARRAY(sa.Text)),
            sa.bindparam("secret", type_=sa.LargeBinary),
            sa.bindparam("user_agent", type_=sa.Text),
            sa.bindparam("ip", type_=sa.Text),
        ),
    )
    .returning(
        Table.id,
        Table.account_id,
        Table.client,
        Table.methods,
        PROVEN_AT.label("proven_at"),
        Table.generation,
        Table.secret,
    )
    .cte("opened")
)
OPEN: Final = sa.select(
    *WHO.c,
    OPENED.c.id.label("session_id"),
    OPENED.c.client,
    OPENED.c.methods,
    OPENED.c.proven_at,
    OPENED.c.generation,
    (OPENED.c.generation - 1).label("parent"),
    sa.literal(0).label("reissues"),
    OPENED.c.secret,
    sa.true().label("alive"),
    sa.false().label("in_grace"),
    sa.cast(sa.func.floor(sa.func.extract("epoch", NOW)), sa.BigInteger).label("now"),
).join(OPENED, OPENED.c.account_id == WHO.c.id)
OPEN_SESSION: Final = RowReader(OpenSession)


@dataclass(frozen=True, slots=True)
class Lifetimes:
    """Lifetimes of sessions."""

    idle: timedelta
    absolute: timedelta
    grace: timedelta


@dataclass(frozen=True, slots=True)
class SessionRepository:
    """`SessionStore` and `SessionReader` in PostgreSQL."""

    session: Executor
    lifetimes: Lifetimes

    @property
    def _limits(self) -> dict[str, Any]:
        return {"idle": self.lifetimes.idle, "absolute": self.lifetimes.absolute}

    async def open(
        self,
        session_id: UUID,
        credentials: Credentials,
        secret: bytes,
        device: Device,
        client: str,
        methods: Sequence[str],
    ) -> Session | None:
        account = credentials.account
        who = {
            "account": account.id,
            "password_hash": credentials.password_hash,
            "second_factor": account.second_factor,
        }
        device_values = {"user_agent": device.user_agent, "ip": device.ip}
        values = {**who, **device_values, "sid": session_id, "client": client, "secret": secret}
        values["methods"] = list(methods)
        row = (await self.session.execute(OPEN, values)).one_or_none()
        return read_session(row) if row else None

    async def too_many(self, account_id: int) -> Sequence[UUID]:
        params = {"account": account_id, "most": MOST, "most_ended": MOST_ENDED, "step": STEP}
        return (await self.session.execute(TOO_MANY, params)).scalars().all()

    async def find(self, session_id: UUID, *, lock: bool = False) -> Session | None:
        statement = FIND_LOCKED if lock else FIND
        params = {"sid": session_id, "grace": self.lifetimes.grace, **self._limits}
        row = (await self.session.execute(statement, params)).one_or_none()
        return read_session(row) if row else None

    async def rotate(self, found: Session, generation: int) -> Account | None:
        params = {"sid": found.id, "account": found.account.id, "current": generation, **self._limits}
        return ACCOUNT.one(await self.session.execute(ROTATE, params))

    async def use(self, found: Session) -> Account | None:
        params = {"sid": found.id, "account": found.account.id, **self._limits}
        return ACCOUNT.one(await self.session.execute(USE, params))

    async def reissue(self, session_id: UUID, parent: int) -> int:
        made: int = (await self.session.execute(REISSUE, {"sid": session_id, "parent": parent})).scalar_one()
        return made

    async def confirm(self, session_id: UUID, methods: Sequence[str]) -> None:
        await self.session.execute(CONFIRM, {"sid": session_id, "proven": list(methods)})

    async def end(self, session_id: UUID, reason: str) -> datetime | None:
        until: datetime | None = (await self.session.execute(END, {"sid": session_id, "reason": reason})).scalar()
        return until

    async def end_all(self, account_id: int, reason: str, but: UUID | None) -> Sequence[tuple[UUID, datetime]]:
        params = {"account": account_id, "reason": reason, "but": but}
        return [(row.id, row.until) for row in await self.session.execute(END_ALL, params) if row.in_use]

    async def page(self, account_id: int, limit: int, after: tuple[datetime, UUID] | None) -> Page[OpenSession]:
        params = {"account": account_id, "most": limit + 1, **self._limits}
        if after is None:
            found = await self.session.execute(FIRST, params)
        else:
            found = await self.session.execute(NEXT, {**params, "time": after[0], "id": after[1]})
        return Page.cut(OPEN_SESSION.all(found), limit)

    async def owner(self, session_id: UUID) -> int | None:
        owner: int | None = (await self.session.execute(OWNER, {"sid": session_id})).scalar()
        return owner

    async def forget_over(self, kept: timedelta, most: int) -> int:
        found = await self.session.execute(FORGET, {**self._limits, "kept": kept, "most": most})
        return len(found.all())


def read_session(row: sa.Row[Any]) -> Session:
    """From a row of FIND or OPEN."""
    return Session(
        id=row.session_id,
        account=ACCOUNT.read(row),
        client=row.client,
        methods=row.methods,
        proven_at=row.proven_at,
        generation=row.generation,
        parent=row.parent,
        reissues=row.reissues,
        secret=row.secret,
        alive=row.alive,
        in_grace=row.in_grace,
        now=row.now,
    )
