"""The audit trail in PostgreSQL."""

from dataclasses import dataclass
from typing import Final

from sqlalchemy import insert

from auth.models import AuditEvent as Table
from auth.services.audit import ANONYMOUS, Action
from common.database import Runs

NOTE: Final = insert(Table)


@dataclass(frozen=True, slots=True)
class AuditRepository:
    """`AuditTrail` in PostgreSQL."""

    session: Runs

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
