"""Erasure: removes all data of a deleted account, in small steps that survive crashes.

Each service with personal data has a table `erased`. A row in it is permanent and takes effect at once. Triggers
discard every later insert for the account (`is_erased`, in the migrations), and existing rows are hidden. An `Eraser`
then deletes these in small transactions. It looks for remaining rows each time, so after a crash it goes on.

Transactions that began before the row was committed do not see it. A trigger numbers each transaction before it looks
for the row, so all of those have lower numbers than one that has seen it. The eraser waits until none of them is under
way. It takes no lock: requests would pay for it, and it could deadlock.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

import structlog
from sqlalchemy import BigInteger, DateTime, Index, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, declared_attr, mapped_column

from common.contracts.events import AccountErasedData
from common.db.database import Database, Executor
from common.db.reading import ReadSession
from common.events.outbox import OutboxRepository
from common.spans import background_span
from common.state_events import Event

log = structlog.get_logger()

POLL: Final = 1.0
"""Seconds between checks for an account to erase."""
PAUSE: Final = 2.0
"""Seconds before a failed step is tried again."""
MANY: Final = 500
"""Rows that a step of `rows_of` deletes."""


class ErasedRow:
    """Columns of the `erased` table of users and posts."""

    __tablename__ = "erased"

    @declared_attr.directive
    @classmethod
    def __table_args__(cls) -> tuple[Index, ...]:
        return (Index("ix_erased_pending", "account_id", postgresql_where=text("finished_at IS NULL")),)

    account_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    """auth's id of the deleted account. It is never used again."""
    version: Mapped[int] = mapped_column(BigInteger)
    """Version of the account's event that reported the deletion."""
    erased_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=text("clock_timestamp()"))
    finished_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    """Time when this service had deleted everything."""


BEGIN: Final = text("""
    INSERT INTO erased (account_id, version) VALUES (:account, :version)
    ON CONFLICT (account_id) DO UPDATE SET version = excluded.version WHERE erased.version < excluded.version
""")
FINISHED: Final = text("SELECT finished_at IS NOT NULL FROM erased WHERE account_id = :account")
# In random order, so that an account that fails does not hold up the others.
NEXT: Final = text("""
    SELECT account_id, CAST(CAST(pg_current_xact_id() AS text) AS bigint) AS number,
           CAST(CAST(pg_snapshot_xmin(pg_current_snapshot()) AS text) AS bigint) AS oldest
    FROM erased WHERE finished_at IS NULL ORDER BY random() LIMIT 1 FOR UPDATE SKIP LOCKED
""")
FINISH: Final = text("UPDATE erased SET finished_at = clock_timestamp() WHERE account_id = :account")
PENDING: Final = text("SELECT EXISTS (SELECT FROM erased WHERE finished_at IS NULL)")
BACKLOG: Final = text("""
    SELECT count(*) AS pending, coalesce(extract(epoch FROM clock_timestamp() - min(erased_at)), 0)::float AS oldest
    FROM erased WHERE finished_at IS NULL
""")
ERASED: Final = text("SELECT 1 FROM erased WHERE account_id = :account")
KNOWN: Final = text("SELECT account_id FROM erased WHERE account_id = ANY (CAST(:accounts AS bigint[]))")

Step = Callable[[Executor, int], Awaitable[bool]]
"""Deletes some rows of an account; True if there were any. Steps are independent and may be repeated."""


@dataclass(frozen=True, slots=True)
class ErasureRepository:
    """`common.state_events.ErasureStore` in PostgreSQL. Services that hide by more than the row do so in addition."""

    session: AsyncSession
    service: str

    async def begin(self, account_id: int, version: int) -> None:
        await self.session.execute(BEGIN, {"account": account_id, "version": version})
        await self.publish_again(account_id)  # auth may have lost the answer in a restore

    async def is_erased(self, account_id: int) -> bool:
        return bool((await self.session.execute(KNOWN, {"accounts": [account_id]})).all())

    async def publish_again(self, account_id: int) -> None:
        """Tell auth that the account is erased here, if it is."""
        if (await self.session.execute(FINISHED, {"account": account_id})).scalar_one_or_none():
            await OutboxRepository(self.session).publish(erased(account_id, self.service))


def erased(account_id: int, service: str) -> Event:
    """The event that ends an erasure."""
    return Event((account_id,), 1, AccountErasedData(service=service))


def rows_of(table: str) -> Step:
    """Deletes the rows of a table with the columns `id` and `account_id`, MANY at a time."""
    delete = text(
        f"DELETE FROM {table} WHERE id = ANY (ARRAY("  # noqa: S608  # a name of ours
        f"SELECT id FROM {table} WHERE account_id = :account ORDER BY id LIMIT :most)) RETURNING id"
    )

    async def step(session: Executor, account_id: int) -> bool:
        return bool((await session.execute(delete, {"account": account_id, "most": MANY})).all())

    return step


Outside = Callable[[int], Awaitable[bool]]
"""Deletes what an account has outside the database, in no transaction. False if something can only be deleted later."""


@dataclass(slots=True)
class Eraser:
    """Erases accounts step by step. Any number of processes may run it at once."""

    database: Database
    service: str
    steps: Sequence[Step]
    outside: Outside | None = None
    numbers: dict[int, int] = field(default_factory=dict)
    """By account: the number of a transaction that has seen its row. Recorded again after a restart."""
    without: set[int] = field(default_factory=set)
    """Accounts that have nothing outside the database any more; rows may remain."""

    async def run(self) -> None:
        """Run for ever. Failures are logged, and tried again."""
        reads = ReadSession(self.database.upkeep)
        while True:
            pause = POLL
            try:
                if (await reads.execute(PENDING)).scalar_one():  # seldom: an idle service needs no transaction
                    while await self.step():
                        pass
            except Exception as error:  # noqa: BLE001  # supervision: the loop must not end
                pause = PAUSE
                log.warning("erasure failed", reason=repr(error)[:200])
            await asyncio.sleep(pause)

    async def step(self) -> bool:
        """Do one small transaction's work. False if there is nothing to do now."""
        async with self.database.transaction() as session:
            found = (await session.execute(NEXT)).one_or_none()
            if found is None:
                self.numbers.clear()  # of accounts that other processes have finished
                return False
            account: int = found.account_id
            is_new = account not in self.numbers
            if not self.is_visible_to_all(account, found.number, found.oldest):
                return is_new  # check again at once: then this transaction is over
            is_ready = self.outside is None or account in self.without
            with background_span("erase account"):
                if is_ready and await self._erase_rows(session, account):
                    return True
        if self.outside is not None and not is_ready:
            with background_span("erase account outside"):
                if not await self.outside(account):
                    return False
            self.without.add(account)
            return True
        self.numbers.pop(account, None)
        self.without.discard(account)
        log.info("account erased", account=account)
        return True

    async def _erase_rows(self, session: AsyncSession, account: int) -> bool:
        """Do the next step. False if there was none left: then the account is erased."""
        for step in self.steps:
            if await step(session, account):
                return True
        await session.execute(FINISH, {"account": account})
        await OutboxRepository(session).publish(erased(account, self.service))
        return False

    def is_visible_to_all(self, account: int, number: int, oldest: int) -> bool:
        """Whether all running transactions began after one that saw the account's row (the barrier, above).

        Records this transaction's `number` if none is recorded. `oldest` is the lowest running number.
        """
        return self.numbers.setdefault(account, number) <= oldest
