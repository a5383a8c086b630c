"""The outbox: one row per (target, type, subject), written in the transaction of the change.

A newer state of a subject replaces the one still waiting, so the backlog is bounded by what has changed, however long
a target is away. `common.relay` sends the rows.
"""

from datetime import datetime
from typing import Any, Final

from sqlalchemy import BigInteger, DateTime, Index, Integer, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, declared_attr, mapped_column

PUBLISHED: Final = "published"
"""Key in a session's `info`: something for the relay will be there once this transaction is committed."""
MAX_REASON: Final = 300


class OutboxRow:
    """Columns of each service's `outbox` table."""

    __tablename__ = "outbox"

    @declared_attr.directive
    @classmethod
    def __table_args__(cls) -> tuple[Index, ...]:
        return (Index("ix_outbox_due", "target", "next_at", postgresql_where=text("parked_at IS NULL")),)

    target: Mapped[str] = mapped_column(Text, primary_key=True)
    type: Mapped[str] = mapped_column(Text, primary_key=True)
    subject: Mapped[str] = mapped_column(Text, primary_key=True)
    version: Mapped[int] = mapped_column(BigInteger)
    data: Mapped[dict[str, Any]] = mapped_column(JSONB)
    occurred_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=text("clock_timestamp()"))
    next_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=text("clock_timestamp()"))
    attempts: Mapped[int] = mapped_column(Integer, server_default="0")
    """How often the target refused the row. Being unreachable does not count."""
    parked_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    last_error: Mapped[str | None] = mapped_column(Text)
