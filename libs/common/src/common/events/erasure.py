"""Forgetting somebody whose account was deleted: for good, in small steps, whatever dies in between.

Each service that holds something of people has a table `erased`. A row in it is permanent, and works at once: triggers
leave out every row that is to be inserted for the account from then on (`is_erased`, in the migrations), whoever
inserts it and from wherever it comes, and what there is already is not shown any more. An `Eraser` then removes that in
small transactions. What is left to do is what it still finds, so after a crash it just goes on.

In between are transactions that were not told, since they began before. A trigger numbers its transaction before it
looks for the row; so all of those have lower numbers than one that has seen the row, and the eraser waits until none of
them is under way. That takes no lock, which requests would pay for, and might wait for in a circle.
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
from common.events.outbox import OutboxRepository
from common.state_events import Event

log = structlog.get_logger()

POLL: Final = 0.5
"""Seconds between looks for somebody to forget."""
PAUSE: Final = 2.0
"""Seconds until what went wrong is tried again."""


class ErasedRow:
    """Columns of the `erased` table of users and posts."""

    __tablename__ = "erased"

    @declared_attr.directive
    @classmethod
    def __table_args__(cls) -> tuple[Index, ...]:
        return (Index("ix_erased_pending", "account_id", postgresql_where=text("finished_at IS NULL")),)

    account_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    """auth's. It was deleted, and is nobody's ever again."""
    version: Mapped[int] = mapped_column(BigInteger)
    """Of the account's state that told of it."""
    erased_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=text("clock_timestamp()"))
    finished_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    """When nothing was left of it here."""


BEGIN: Final = text("""
    INSERT INTO erased (account_id, version) VALUES (:account, :version)
    ON CONFLICT (account_id) DO UPDATE SET version = excluded.version WHERE erased.version < excluded.version
""")
FINISHED: Final = text("SELECT finished_at IS NOT NULL FROM erased WHERE account_id = :account")
# By chance, so that one with whom something goes wrong keeps nobody else.
NEXT: Final = text("""
    SELECT account_id, CAST(CAST(pg_current_xact_id() AS text) AS bigint) AS number,
           CAST(CAST(pg_snapshot_xmin(pg_current_snapshot()) AS text) AS bigint) AS oldest
    FROM erased WHERE finished_at IS NULL ORDER BY random() LIMIT 1 FOR UPDATE SKIP LOCKED
""")
FINISH: Final = text("UPDATE erased SET finished_at = clock_timestamp() WHERE account_id = :account")
BACKLOG: Final = text("""
    SELECT count(*), coalesce(extract(epoch FROM clock_timestamp() - min(erased_at)), 0)::float FROM erased
    WHERE finished_at IS NULL
""")
ERASED: Final = text("SELECT 1 FROM erased WHERE account_id = :account")
KNOWN: Final = text("SELECT account_id FROM erased WHERE account_id = ANY (CAST(:accounts AS bigint[]))")

Step = Callable[[Executor, int], Awaitable[bool]]
"""Removes some of what there is of an account; True if there was something. Each works by itself, and again."""


@dataclass(frozen=True, slots=True)
class ErasureRepository:
    """`common.state_events.ErasureStore` in PostgreSQL. Whatever hides by more than the row, hides it beside this."""

    session: AsyncSession
    service: str

    async def begin(self, account_id: int, version: int) -> None:
        await self.session.execute(BEGIN, {"account": account_id, "version": version})
        await self.publish_again(account_id)  # auth may have been restored from a backup, and have lost the answer

    async def is_erased(self, account_id: int) -> bool:
        return bool((await self.session.execute(KNOWN, {"accounts": [account_id]})).all())

    async def publish_again(self, account_id: int) -> None:
        """Tell auth that nothing of an account is left here, if that is so."""
        if (await self.session.execute(FINISHED, {"account": account_id})).scalar_one_or_none():
            await OutboxRepository(self.session).publish(erased(account_id, self.service))


def erased(account_id: int, service: str) -> Event:
    """What auth is told in the end."""
    return Event((account_id,), 1, AccountErasedData(service=service))


@dataclass(slots=True)
class Eraser:
    """Forgets people, one step after the other. Any number of processes may do so at once."""

    database: Database
    service: str
    steps: Sequence[Step]
    numbers: dict[int, int] = field(default_factory=dict)
    """The number of a transaction that has seen the account's row, by account; noted again after a restart."""

    async def run(self) -> None:
        """As long as the service. Whatever goes wrong is told and tried again."""
        while True:
            pause = POLL
            try:
                while await self.step():
                    pass
            except Exception as error:  # noqa: BLE001  # supervision: an eraser that ends in silence forgets nobody
                pause = PAUSE
                log.warning("erasure stumbled", reason=repr(error)[:200])
            await asyncio.sleep(pause)

    async def step(self) -> bool:
        """Do one small transaction's work. False if there is none now: nobody to forget, or to be waited for."""
        async with self.database.transaction() as session:
            found = (await session.execute(NEXT)).one_or_none()
            if found is None:
                self.numbers.clear()  # of those whom others have finished with
                return False
            account: int = found.account_id
            is_new = account not in self.numbers
            if not self.is_visible_to_all(account, found.number, found.oldest):
                return is_new  # then look once more at once: by the next transaction this one is over
            for step in self.steps:
                if await step(session, account):
                    return True
            await session.execute(FINISH, {"account": account})
            await OutboxRepository(session).publish(erased(account, self.service))
        self.numbers.pop(account, None)
        log.info("account erased", account=account)
        return True

    def is_visible_to_all(self, account: int, number: int, oldest: int) -> bool:
        """Whether all that is under way began after a transaction that saw the account's row (the barrier, above).

        This one's `number` is noted if none is; `oldest` is the lowest one under way.
        """
        return self.numbers.setdefault(account, number) <= oldest
