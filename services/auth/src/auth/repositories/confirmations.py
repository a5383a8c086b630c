"""When the owners of sessions last proved who they are, in PostgreSQL."""

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from sqlalchemy import bindparam, func, update

from auth.models import Session as Table
from common.db.database import Executor

CONFIRM: Final = (
    update(Table)
    .where(Table.id == bindparam("sid"), Table.ended_at.is_(None))
    .values(confirmed_at=func.clock_timestamp())
)


@dataclass(frozen=True, slots=True)
class ConfirmationRepository:
    """`ConfirmationStore` in PostgreSQL."""

    session: Executor

    async def confirm(self, session_id: UUID) -> None:
        await self.session.execute(CONFIRM, {"sid": session_id})
