"""Keys that sign access tokens."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, DateTime, Index, LargeBinary, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from auth.database import Base


class SigningKey(Base):
    """An ES256 key pair; the private half is encrypted under KEY_ENCRYPTION_KEY."""

    __tablename__ = "signing_keys"
    __table_args__ = (
        CheckConstraint("state IN ('next', 'active', 'retired', 'revoked')", name="state"),
        Index("uq_signing_keys_one_active", "state", unique=True, postgresql_where=text("state = 'active'")),
        Index("uq_signing_keys_one_next", "state", unique=True, postgresql_where=text("state = 'next'")),
    )

    kid: Mapped[str] = mapped_column(Text, primary_key=True)
    """The public key's thumbprint (RFC 7638)."""
    public_jwk: Mapped[dict[str, Any]] = mapped_column(JSONB)
    private_key: Mapped[bytes] = mapped_column(LargeBinary)
    """Empty once the key no longer signs."""
    state: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=text("now()"))
    activated_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    """When it began to sign."""
    retired_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    """When it stopped signing. It stays published until its last token expires."""
