"""The outbox: one row per (target, type, subject), written in the transaction of the change.

A newer state of a subject replaces the one still waiting. So the size of the backlog depends on the number of changed
subjects, not on how long a target is down. `common.events.relay` sends the rows.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import BigInteger, DateTime, Index, Integer, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, declared_attr, mapped_column

from common.db.database import PUBLISHED, Executor
from common.db.rows import RowReader
from common.spans import TRACEPARENT, publishing
from common.state_events import Event, EventData, StateEvent

MAX_REASON: Final = 300


class OutboxRow:
    """Columns of each service's `outbox` table."""

    __tablename__ = "outbox"

    @declared_attr.directive
    @classmethod
    def __table_args__(cls) -> tuple[Index, ...]:
        return (
            Index("ix_outbox_due", "target", "next_at", postgresql_where=text("parked_at IS NULL")),
            Index("ix_outbox_parked", "parked_at", postgresql_where=text("parked_at IS NOT NULL")),
        )

    target: Mapped[str] = mapped_column(Text, primary_key=True)
    type: Mapped[str] = mapped_column(Text, primary_key=True)
    subject: Mapped[str] = mapped_column(Text, primary_key=True)
    version: Mapped[int] = mapped_column(BigInteger)
    data: Mapped[dict[str, Any]] = mapped_column(JSONB)
    occurred_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=text("clock_timestamp()"))
    waiting_since: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=text("clock_timestamp()"))
    """Since when the target has lacked the current state, however often it has changed meanwhile."""
    next_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=text("clock_timestamp()"))
    attempts: Mapped[int] = mapped_column(Integer, server_default="0")
    """How often the target refused the row. Unreachable targets do not count."""
    parked_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    last_error: Mapped[str | None] = mapped_column(Text)


# The subject's own row was changed earlier in the same transaction, so its version orders concurrent writers.
PUBLISH: Final = text("""
    INSERT INTO outbox (target, type, subject, version, data)
    SELECT target, :type, :subject, :version, CAST(:data AS jsonb) FROM unnest(CAST(:targets AS text[])) AS target
    ON CONFLICT (target, type, subject) DO UPDATE
    SET version = excluded.version, data = excluded.data, occurred_at = excluded.occurred_at,
        next_at = LEAST(outbox.next_at, clock_timestamp()), attempts = 0, parked_at = NULL, last_error = NULL
    WHERE outbox.version < excluded.version
""")
DUE: Final = text("""
    SELECT name FROM unnest(CAST(:targets AS text[])) AS name
    WHERE EXISTS (
        SELECT FROM outbox WHERE target = name AND parked_at IS NULL AND next_at <= clock_timestamp()
    )
""")
# Leased rows are not due until the lease ends. If a relay dies meanwhile, another one takes over.
LEASE: Final = text("""
    UPDATE outbox o SET next_at = clock_timestamp() + CAST(:lease AS interval)
    FROM (SELECT target, type, subject FROM outbox
          WHERE target = :target AND parked_at IS NULL AND next_at <= clock_timestamp()
          ORDER BY next_at LIMIT :most FOR UPDATE SKIP LOCKED) due
    WHERE (o.target, o.type, o.subject) = (due.target, due.type, due.subject)
    RETURNING o.type, o.subject, o.version, o.data, o.occurred_at, o.attempts
""")
CHOSEN: Final = """
    FROM unnest(CAST(:types AS text[]), CAST(:subjects AS text[]), CAST(:versions AS bigint[]))
         AS sent (type, subject, version)
    JOIN outbox o ON (o.target, o.type, o.subject) = (:target, sent.type, sent.subject) AND o.version
"""
# Only the version that was sent. A newer one that came meanwhile stays, and its waiting time starts over. A row that
# is being written right now stays too (SKIP LOCKED), so that a relay and a publisher never wait for each other.
DELETE: Final = text(f"""
    WITH newer AS (
        UPDATE outbox SET waiting_since = occurred_at
        WHERE ctid = ANY (ARRAY(SELECT o.ctid {CHOSEN} > sent.version FOR UPDATE OF o SKIP LOCKED))
    )
    DELETE FROM outbox WHERE ctid = ANY (ARRAY(SELECT o.ctid {CHOSEN} = sent.version FOR UPDATE OF o SKIP LOCKED))
""")  # noqa: S608  # no value is written into the text
RELEASE: Final = text(f"""
    UPDATE outbox SET next_at = clock_timestamp()
    WHERE ctid = ANY (ARRAY(SELECT o.ctid {CHOSEN} = sent.version FOR UPDATE OF o SKIP LOCKED))
""")  # noqa: S608
REFUSED: Final = text("""
    UPDATE outbox SET attempts = attempts + 1, last_error = :reason,
        next_at = clock_timestamp() + CAST(:pause AS interval),
        parked_at = CASE WHEN attempts + 1 >= :most THEN clock_timestamp() END
    WHERE target = :target AND type = :type AND subject = :subject AND version = :version
    RETURNING parked_at IS NOT NULL
""")
STATUS: Final = text("""
    SELECT target, type, count(*) FILTER (WHERE parked_at IS NULL) AS waiting,
           count(*) FILTER (WHERE parked_at IS NOT NULL) AS parked,
           coalesce(extract(epoch FROM clock_timestamp() - min(waiting_since) FILTER (WHERE parked_at IS NULL)), 0)
               ::float AS oldest
    FROM outbox GROUP BY target, type ORDER BY target, type
""")
PARKED: Final = text("""
    SELECT target, type, subject, version, attempts, last_error FROM outbox
    WHERE parked_at IS NOT NULL ORDER BY parked_at LIMIT 1000
""")
REPLAY: Final = text("""
    UPDATE outbox SET parked_at = NULL, attempts = 0, next_at = clock_timestamp()
    WHERE parked_at IS NOT NULL AND (CAST(:target AS text) IS NULL OR target = :target) RETURNING subject
""")
FORGET_PARKED: Final = text("""
    DELETE FROM outbox WHERE target = :target AND parked_at < clock_timestamp() - CAST(:kept AS interval)
""")


@dataclass(frozen=True, slots=True)
class Leased:
    """A row that only one relay may send until the lease ends."""

    event: StateEvent
    attempts: int


@dataclass(frozen=True, slots=True)
class Backlog:
    """Events that wait for a target, by type; `oldest` in seconds."""

    target: str
    type: str
    waiting: int
    parked: int
    oldest: float


BACKLOG: Final = RowReader(Backlog)


@dataclass(frozen=True, slots=True)
class OutboxRepository:
    """`common.state_events.EventPublisher`, and the relay's access to the table."""

    session: AsyncSession | Executor

    async def publish(self, *events: Event) -> None:
        """Send the events to all their targets once this transaction is committed."""
        with publishing([event.data.type for event in events]) as traceparent:
            values = [
                {
                    "type": event.data.type,
                    "subject": event.subject,
                    "version": event.version,
                    "data": stored(event.data, traceparent),
                    "targets": list(event.data.targets),
                }
                for event in events
            ]
            await self.session.execute(PUBLISH, values[0] if len(values) == 1 else values)
        if isinstance(self.session, AsyncSession):
            self.session.info[PUBLISHED] = True

    async def due(self, targets: Sequence[str]) -> Sequence[str]:
        """Those of the targets that have events to send now."""
        return (await self.session.execute(DUE, {"targets": targets})).scalars().all()

    async def lease(self, target: str, most: int, lease: timedelta) -> Sequence[Leased]:
        """Lease rows that are due, those due longest. Sorted by the age of their state."""
        params = {"target": target, "most": most, "lease": lease}
        rows = (await self.session.execute(LEASE, params)).all()
        return [leased(row) for row in sorted(rows, key=lambda row: row.occurred_at)]  # RETURNING has no order

    async def delete(self, target: str, events: Sequence[StateEvent]) -> None:
        """Delete events that were sent."""
        await self.session.execute(DELETE, chosen(target, events))

    async def release(self, target: str, events: Sequence[StateEvent]) -> None:
        """Return leased rows: the target was not reachable."""
        await self.session.execute(RELEASE, chosen(target, events))

    async def refused(self, target: str, event: StateEvent, reason: str, pause: timedelta, most: int) -> bool:
        """Record that the target refused an event. The `most`th refusal parks it, and then the result is True."""
        params = {"type": event.type, "subject": event.subject, "version": event.version}
        limits = {"reason": reason[:MAX_REASON], "pause": pause, "most": most}
        found = await self.session.execute(REFUSED, {"target": target, **params, **limits})
        return bool(found.scalar())

    async def status(self) -> Sequence[Backlog]:
        return BACKLOG.all(await self.session.execute(STATUS))

    async def parked(self) -> Sequence[Any]:
        return (await self.session.execute(PARKED)).all()

    async def replay(self, target: str | None) -> int:
        """Make parked rows due again; returns how many."""
        return len((await self.session.execute(REPLAY, {"target": target})).all())

    async def forget_parked(self, target: str, kept: timedelta) -> None:
        """Delete events that were parked longer ago than `kept`."""
        await self.session.execute(FORGET_PARKED, {"target": target, "kept": kept})


def leased(row: Any) -> Leased:
    carried = (
        row.data.pop(TRACEPARENT, None) if isinstance(row.data, dict) else None
    )  # a bad row is the target's to refuse
    event = StateEvent.of(row.type, row.subject, row.version, row.occurred_at, row.data, carried)
    return Leased(event, row.attempts)


def stored(data: EventData, traceparent: str | None) -> str:
    """An event's data as JSON. A `traceparent` is stored with it, and sent beside it.

    It needs no column: the release before replaces it with the data, and its consumers ignore unknown fields.
    """
    if traceparent is None:
        return data.model_dump_json()
    return json.dumps({**data.model_dump(mode="json"), TRACEPARENT: traceparent})


def chosen(target: str, events: Sequence[StateEvent]) -> dict[str, Any]:
    return {
        "target": target,
        "types": [event.type for event in events],
        "subjects": [event.subject for event in events],
        "versions": [event.version for event in events],
    }
