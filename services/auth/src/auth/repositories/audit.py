"""The audit trail in PostgreSQL."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import select, tuple_
from sqlalchemy.dialects.postgresql import insert

from auth.models import AuditEvent as Table
from auth.services.audit import ANONYMOUS, Action, AuditEvent, AuditFilter
from common.contracts.events import ModerationData, OperationData
from common.db.database import Executor
from common.db.rows import RowReader
from common.ports import Page
from common.state_events import Event

NOTE: Final = insert(Table)
# The unique indexes of `detail ->> 'event'` accept it once.
NOTE_ONCE: Final = NOTE.on_conflict_do_nothing().returning(Table.id)
# By time, so that with any one filter, and between any two moments, an index holds exactly the lines of the page.
NEWEST: Final = select(
    Table.id, Table.at, Table.action, Table.account_id, Table.actor, Table.ip, Table.detail
).order_by(Table.at.desc(), Table.id.desc())
AUDIT_EVENT: Final = RowReader(AuditEvent)


@dataclass(frozen=True, slots=True)
class AuditRepository:
    """`AuditTrail` and `AuditReader` in PostgreSQL."""

    session: Executor

    async def note(
        self,
        action: Action,
        account_id: int | None,
        *,
        actor: int | str | None = None,
        ip: str | None = None,
        **detail: str | int | bool | list[str] | None,
    ) -> None:
        by = actor if actor is not None else account_id
        values = {"action": action, "account_id": account_id, "actor": ANONYMOUS if by is None else str(by)}
        await self.session.execute(NOTE, {**values, "ip": ip, "detail": detail})

    # begin: only with posts
    async def note_moderation(self, action: Action, event: Event, decided: ModerationData) -> bool:
        (event_id,) = event.key
        told_at = event.occurred_at.isoformat() if event.occurred_at else None
        detail = {"kind": decided.kind, "id": decided.id, f"{decided.act}_at": told_at, "event": str(event_id)}
        if decided.reason:  # earlier releases of posts know none
            detail["reason"] = decided.reason
        by = {"action": action, "account_id": decided.author, "actor": str(decided.moderator)}
        noted = await self.session.execute(NOTE_ONCE, {**by, "ip": None, "detail": detail})
        return noted.one_or_none() is not None

    # end: only with posts
    async def note_operation(self, event: Event, done: OperationData) -> None:
        (event_id,) = event.key
        about = {"service": done.service, "target": done.target, "type": done.event_type, "about": done.event}
        detail = {**about, "reason": done.reason, "event": str(event_id)}
        by = {"action": done.act, "account_id": None, "actor": str(done.admin)}
        await self.session.execute(NOTE_ONCE, {**by, "ip": done.ip, "detail": detail})

    async def page(self, wanted: AuditFilter, limit: int, before: tuple[datetime, int] | None) -> Page[AuditEvent]:
        statement = NEWEST.limit(limit + 1)
        for column, value in (
            (Table.account_id, wanted.account_id),
            (Table.action, wanted.action),
            (Table.actor, wanted.actor),
        ):
            statement = statement if value is None else statement.where(column == value)
        if wanted.since is not None:
            statement = statement.where(Table.at >= wanted.since)
        if wanted.until is not None:
            statement = statement.where(Table.at < wanted.until)
        if before is not None:
            statement = statement.where(tuple_(Table.at, Table.id) < tuple_(*before))
        return Page.cut(AUDIT_EVENT.all(await self.session.execute(statement)), limit)
