"""Accounts that are being deleted."""

from datetime import datetime

from sqlalchemy import BigInteger, DateTime, ForeignKey, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from auth.database import Base


class Deletion(Base):
    """A running deletion. Once it is finished, the audit trail holds all this instead.

    Or reports of other services about an account whose deletion auth does not know. They count only if all report it.
    """

    __tablename__ = "deletions"

    account_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("accounts.id"), primary_key=True, autoincrement=False
    )
    asked_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True), server_default=text("clock_timestamp()"))
    """None: nobody asked here, or this database was restored from an earlier backup."""
    told_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=text("clock_timestamp()"))
    """When the other services last got the event."""
    erased: Mapped[dict[str, str]] = mapped_column(JSONB, server_default=text("'{}'"))
    """By service: when it had erased all data of the account."""
