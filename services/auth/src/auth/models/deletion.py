"""Accounts that are being deleted."""

from datetime import datetime

from sqlalchemy import BigInteger, DateTime, ForeignKey, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from auth.database import Base


class Deletion(Base):
    """A deletion that is under way. When it is through, the audit trail has a line with all this instead.

    Or what others say of an account that nobody asked to have deleted: then only all of them together are believed.
    """

    __tablename__ = "deletions"

    account_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("accounts.id"), primary_key=True, autoincrement=False
    )
    asked_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True), server_default=text("clock_timestamp()"))
    """None: nobody has, or this database was restored from a backup of before."""
    told_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=text("clock_timestamp()"))
    """When the others were last told."""
    erased: Mapped[dict[str, str]] = mapped_column(JSONB, server_default=text("'{}'"))
    """When each of the other services had nothing left of the account, by its name."""
