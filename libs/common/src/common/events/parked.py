"""Parked events: those that their target has refused too often. Admins look at them, and replay or drop each."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal
from uuid import uuid4

import structlog
from sqlalchemy import Executable, text
from sqlalchemy.ext.asyncio import AsyncSession

from common.contracts.events import OperationData
from common.db.database import Executor
from common.db.rows import RowReader
from common.errors import NotFound
from common.events.outbox import OutboxRepository
from common.ports import Page
from common.services import AUDIENCES
from common.state_events import Event

log = structlog.get_logger()

MAX_SHOWN: Final = 2000
"""Characters of an event's data."""
# Two events may be parked in the same microsecond: the hash of their key orders them. Data are read only for the page.
PAGE: Final = text("""
    WITH page AS (
        SELECT * FROM (
            SELECT *, hashtextextended(concat_ws(' ', target, type, subject), 0) AS place
            FROM outbox WHERE parked_at IS NOT NULL
        ) parked
        WHERE CAST(:before AS timestamptz) IS NULL OR (parked_at, place) < (CAST(:before AS timestamptz), :before_place)
        ORDER BY parked_at DESC, place DESC LIMIT :most
    )
    SELECT target, type, subject, version, occurred_at, parked_at, attempts, last_error, place,
           CASE WHEN target = ANY (CAST(:shown AS text[])) AND pg_column_size(data) <= 65536
                THEN left(data::text, :most_shown) END AS data
    FROM page ORDER BY parked_at DESC, place DESC
""")
# Only the version that was seen: a newer one is not parked, and replaces it.
CHOSEN: Final = """
    WHERE target = :target AND type = :type AND subject = :subject AND version = :version AND parked_at IS NOT NULL
    RETURNING version
"""
REPLAY: Final = text(f"UPDATE outbox SET parked_at = NULL, attempts = 0, next_at = clock_timestamp() {CHOSEN}")  # noqa: S608  # no value
DROP: Final = text(f"DELETE FROM outbox {CHOSEN}")  # noqa: S608


class EventNotParked(NotFound):
    """No such event is parked: it was replayed, dropped, or replaced by a newer one."""

    code = "event-not-parked"


@dataclass(frozen=True, slots=True)
class ParkedEvent:
    """An event that its target has refused too often."""

    target: str
    type: str
    subject: str
    version: int
    occurred_at: datetime
    parked_at: datetime
    attempts: int
    last_error: str | None
    place: int
    """Orders events that were parked at the same moment."""
    data: str | None
    """JSON, cut after `MAX_SHOWN` characters. None if it is too large, or not for another service: mails hold secrets
    with which somebody can sign in."""


@dataclass(frozen=True, slots=True)
class EventName:
    """Which event, in which version."""

    target: str
    type: str
    subject: str
    version: int


@dataclass(frozen=True, slots=True)
class Operator:
    """The admin who acts, and why."""

    account_id: int
    ip: str | None
    reason: str


PARKED: Final = RowReader(ParkedEvent)
Note = Callable[[AsyncSession, Event], Awaitable[None]]
"""Brings an act, as `OperationData`, to the audit trail, in the transaction of the session."""


async def tell_auth(session: AsyncSession, event: Event) -> None:
    """`Note` for all services but auth."""
    await OutboxRepository(session).publish(event)


async def parked_page(
    session: Executor, service: str, limit: int, before: tuple[datetime, int] | None
) -> Page[ParkedEvent]:
    """A service's parked events, the last parked first. The data of those for other services are shown."""
    moment, place = before or (None, 0)
    shown = [name for name in AUDIENCES if name != service]
    params = {"shown": shown, "most_shown": MAX_SHOWN, "before": moment, "before_place": place, "most": limit + 1}
    return Page.cut(PARKED.all(await session.execute(PAGE, params)), limit)


@dataclass(frozen=True, slots=True)
class ParkedEvents:
    """Replays and drops a service's parked events, in the transaction of one request."""

    session: AsyncSession
    service: str
    note: Note

    async def replay(self, name: EventName, by: Operator) -> None:
        """Send an event again, with new tries. Raises EventNotParked."""
        await self._do(REPLAY, "event-replayed", name, by)

    async def drop(self, name: EventName, by: Operator) -> None:
        """Delete an event: its target does not get this state. Raises EventNotParked."""
        await self._do(DROP, "event-dropped", name, by)

    async def _do(
        self, statement: Executable, act: Literal["event-replayed", "event-dropped"], name: EventName, by: Operator
    ) -> None:
        params = {"target": name.target, "type": name.type, "subject": name.subject, "version": name.version}
        found: Sequence[int] = (await self.session.execute(statement, params)).scalars().all()
        if not found:
            raise EventNotParked("This event is not parked any more: it was replayed, dropped or replaced.")
        event_id = f"{name.subject}@{name.version}"
        done = OperationData(
            service=self.service,
            act=act,
            target=name.target,
            event_type=name.type,
            event=event_id,
            admin=by.account_id,
            ip=by.ip,
            reason=by.reason,
        )
        await self.note(self.session, Event((uuid4(),), 1, done))
        log.warning(act.replace("-", " "), target=name.target, type=name.type, event_id=event_id, by=by.account_id)
