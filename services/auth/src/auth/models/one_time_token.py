"""One-time tokens of links in mails."""

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, DateTime, ForeignKey, Index, LargeBinary, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from auth.database import Base


class OneTimeToken(Base):
    """A token that was sent to an address. Its use deletes it, and all others of its account and purpose."""

    __tablename__ = "one_time_tokens"
    __table_args__ = (
        Index(None, "account_id", "purpose"),
        CheckConstraint("purpose IN ('verify-email', 'password-reset', 'email-change')", name="purpose"),
    )

    token_hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    """SHA-256 of the token."""
    purpose: Mapped[str] = mapped_column(Text)
    account_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("accounts.id", ondelete="CASCADE"))
    email: Mapped[str] = mapped_column(Text)
    """The address to which it was sent, and which it proves."""
    expires_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), index=True)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=text("clock_timestamp()"))
