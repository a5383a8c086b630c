"""The audit trail: events of accounts, keys and roles."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, DateTime, Identity, Index, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from auth.database import Base


class AuditEvent(Base):
    """One line of the audit trail. A trigger refuses to change or delete lines."""

    __tablename__ = "audit_events"
    __table_args__ = (
        Index("ix_audit_events_account_id_at_id", "account_id", "at", "id"),
        Index("ix_audit_events_action_at_id", "action", "at", "id"),
        Index("ix_audit_events_actor_at_id", "actor", "at", "id"),
        Index("ix_audit_events_at_id", "at", "id"),
        Index(
            "uq_audit_events_event",
            text("(detail ->> 'event')"),
            unique=True,
            postgresql_where=text("action = 'content-removed'"),
        ),
        Index(
            "uq_audit_events_operation",
            text("(detail ->> 'event')"),
            unique=True,
            postgresql_where=text("action IN ('event-replayed', 'event-dropped')"),
        ),
        Index(
            "uq_audit_events_dismissal",
            text("(detail ->> 'event')"),
            unique=True,
            postgresql_where=text("action = 'reports-dismissed'"),
        ),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=text("clock_timestamp()"))
    action: Mapped[str] = mapped_column(Text)
    """A value of `services.audit.Action`."""
    account_id: Mapped[int | None] = mapped_column(BigInteger)
    """The account that it concerns; no foreign key, since the line outlives the account."""
    actor: Mapped[str] = mapped_column(Text)
    """Who did it: an account's id, `server` for the command line and schedules, or `anonymous`."""
    ip: Mapped[str | None] = mapped_column(Text)
    detail: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'"))
    """Further details. Never a password, token or full e-mail address."""
