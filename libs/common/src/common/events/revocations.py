"""Revoked access tokens: ended sessions, and accounts' `not before`. They are refused before they expire.

auth sends revocations as events. Each service stores those that still matter in its own database, and each process
reads them every second. So a revoked token is refused everywhere within seconds, and the check costs no query.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import structlog
from sqlalchemy import BigInteger, DateTime, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Mapped, mapped_column

from common.contracts.events import EVERYBODY
from common.db.database import Database, Executor
from common.db.reading import ReadSession
from common.events.inbox import event_rows
from common.state_events import Event
from common.tokens.claims import KeysUnavailable, Principal
from common.tokens.clock import DatabaseClock
from common.tokens.verifier import MAX_LIFETIME

log = structlog.get_logger()

READ_EVERY: Final = 1.0
RETRY_EVERY: Final = 0.2
LATELY: Final = timedelta(seconds=10)
"""Each reading looks back this far, which is longer than a transaction takes between its write and its commit."""
WHOLE_EVERY: Final = 30.0
"""Seconds between complete readings, which also drop expired revocations."""
STALE_AFTER: Final = 30.0
"""Seconds without a reading after which a process is not ready: other processes may know newer revocations."""
CLEANED_EVERY: Final = 600.0
LONGEST: Final = timedelta(seconds=MAX_LIFETIME + 60)
"""The longest life of a token. Older revocations need not be kept."""
EVER: Final = timedelta(days=3650)


class EndedSessionRow:
    """Columns of each service's `ended_sessions` table."""

    __tablename__ = "ended_sessions"

    session_id: Mapped[UUID] = mapped_column(primary_key=True)
    until: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    """No token of the session is valid after this time anyway."""
    noted_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), server_default=text("clock_timestamp()"), index=True
    )


class TokenFloorRow:
    """Columns of each service's `token_floors` table."""

    __tablename__ = "token_floors"

    account_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    """auth's; 0 stands for everybody."""
    not_before: Mapped[int] = mapped_column(BigInteger)
    """Seconds since 1970."""
    noted_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), server_default=text("clock_timestamp()"), index=True
    )


END: Final = text("""
    INSERT INTO ended_sessions (session_id, until) VALUES (:session_id, :until) ON CONFLICT DO NOTHING
""")
RAISE_FLOOR: Final = text("""
    INSERT INTO token_floors (account_id, not_before) VALUES (:account_id, :not_before)
    ON CONFLICT (account_id) DO UPDATE SET not_before = excluded.not_before, noted_at = clock_timestamp()
    WHERE token_floors.not_before < excluded.not_before
""")
# One statement for both tables, since each process sends it every second.
REVOKED: Final = text("""
    SELECT session_id, NULL AS account_id, NULL AS not_before FROM ended_sessions
    WHERE noted_at > clock_timestamp() - CAST(:back AS interval) AND until > clock_timestamp()
    UNION ALL
    SELECT NULL, account_id, not_before FROM token_floors
    WHERE noted_at > clock_timestamp() - CAST(:back AS interval)
      AND not_before > extract(epoch FROM clock_timestamp() - CAST(:longest AS interval))
""")
FORGET: Final = (
    text("DELETE FROM ended_sessions WHERE until < clock_timestamp() - CAST(:longest AS interval)"),
    text("""
        DELETE FROM token_floors
        WHERE not_before < extract(epoch FROM clock_timestamp() - 2 * CAST(:longest AS interval))
    """),
)


@dataclass(frozen=True, slots=True)
class RevocationRepository:
    """`common.state_events.RevocationStore` in PostgreSQL."""

    session: Executor

    async def end_sessions(self, ended: Sequence[Event]) -> None:
        await self.session.execute(END, event_rows(ended, "session_id"))

    async def raise_floors(self, floors: Sequence[Event]) -> None:
        await self.session.execute(RAISE_FLOOR, event_rows(floors, "account_id"))


class RevokedTokens:
    """`common.tokens.verifier.Revocations` from this service's own database, cached in memory."""

    def __init__(self, database: Database, clock: Callable[[], float] = time.monotonic) -> None:
        self._reads = ReadSession(database.upkeep)
        self._database = database
        self.clock = DatabaseClock(self._reads)
        """The clock by which tokens expire. It is valid whenever the revocations are known."""
        self._clock = clock
        self._ended: set[str] = set()
        self._floors: dict[str, int] = {}
        self._floor_of_all = 0
        self._read_at = self._whole_at = float("-inf")
        self._known = False
        self._reading = asyncio.Lock()

    async def revocations_are_known(self) -> str | None:
        """For `/readyz`."""
        if not self._known:
            return "revoked tokens: not known yet"
        return "revoked tokens: not read lately" if self._clock() - self._read_at > STALE_AFTER else None

    def refuses(self, principal: Principal) -> bool:
        """Called for every use of a token, so it must be cheap.

        Raises:
            KeysUnavailable: this process has not yet read its database.
        """
        if not self._known:
            raise KeysUnavailable("The revoked access tokens are not known yet.")
        floor = max(self._floors.get(principal.subject, 0), self._floor_of_all)
        return principal.sid in self._ended or (principal.sid is not None and principal.issued_at < floor)

    async def read(self) -> None:
        """Read new revocations; every `WHOLE_EVERY` seconds, and after a pause, all of them."""
        async with self._reading:  # an overlapping reading could put back an older state
            await self._read()

    async def _read(self) -> None:
        await self.clock.read()
        now = self._clock()
        whole = now - self._whole_at > WHOLE_EVERY or now - self._read_at > LATELY.total_seconds() / 2
        back = EVER if whole else LATELY
        found = (await self._reads.execute(REVOKED, {"back": back, "longest": LONGEST})).all()
        ended = {str(row.session_id) for row in found if row.session_id is not None}
        floors = {str(row.account_id): row.not_before for row in found if row.account_id is not None}
        self._ended = ended if whole else self._ended | ended
        self._floors = floors if whole else self._floors | floors
        self._floor_of_all = self._floors.get(str(EVERYBODY), 0)
        self._read_at = now
        self._whole_at = now if whole else self._whole_at
        self._known = True

    async def keep_fresh(self) -> None:
        """Runs for ever. If the database is down, it tries again."""
        while True:
            try:
                await self.read()
            except Exception as error:  # noqa: BLE001  # supervision: later revocations must be learnt
                log.warning("revoked tokens not read", error_type=type(error).__name__)
                await asyncio.sleep(RETRY_EVERY)
            else:
                await asyncio.sleep(READ_EVERY)

    async def forget_expired(self) -> None:
        """Delete revocations that no longer matter; runs for ever."""
        while True:
            await asyncio.sleep(CLEANED_EVERY)
            try:
                async with self._database.transaction() as session:
                    for statement in FORGET:
                        await session.execute(statement, {"longest": LONGEST})
            except (SQLAlchemyError, OSError) as error:
                log.warning("expired revocations not deleted", error_type=type(error).__name__)
