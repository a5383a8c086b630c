"""API keys."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ARRAY, BigInteger, DateTime, ForeignKey, Index, LargeBinary, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from auth.database import Base


class ApiKey(Base):
    """A secret with which a program acts for an account: its hash, and what it may do."""

    __tablename__ = "api_keys"
    __table_args__ = (
        Index("uq_api_keys_name", "account_id", "name", unique=True, postgresql_where=text("revoked_at IS NULL")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    """The `sid` of its access tokens."""
    account_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("accounts.id", ondelete="CASCADE"), index=True)
    key_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    """SHA-256 of the key."""
    name: Mapped[str] = mapped_column(Text)
    scopes: Mapped[list[str]] = mapped_column(ARRAY(Text))
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=text("clock_timestamp()"))
    expires_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True), index=True)
    """Null: never."""
    last_used_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    """Of its last exchange, noted at most every five minutes."""
    revoked_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True), index=True)
    revoke_reason: Mapped[str | None] = mapped_column(Text)
