"""Flows to providers, and the codes at their ends."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, DateTime, ForeignKey, ForeignKeyConstraint, Index, LargeBinary, Text
from sqlalchemy.orm import Mapped, mapped_column

from auth.database import Base


class ProviderFlow(Base):
    """A browser that is on its way to a provider and back. Its return deletes the row."""

    __tablename__ = "provider_flows"

    state_hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    """SHA-256 of the random `state`."""
    browser_hash: Mapped[bytes] = mapped_column(LargeBinary)
    """SHA-256 of the secret in the browser's cookie, from which nonce and code verifier follow."""
    provider: Mapped[str] = mapped_column(Text)
    return_to: Mapped[str] = mapped_column(Text)
    account_id: Mapped[int | None] = mapped_column(
        BigInteger, ForeignKey("accounts.id", ondelete="CASCADE"), index=True
    )
    """The account to link; null: a sign-in."""
    session_id: Mapped[UUID | None]
    """The session that asked for the link; it may end, and then there is none."""
    expires_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), index=True)


class ProviderCode(Base):
    """A code that signs an account in, once and in one browser. Unlinking the identity deletes it."""

    __tablename__ = "provider_codes"
    __table_args__ = (
        ForeignKeyConstraint(
            ["account_id", "provider"], ["identities.account_id", "identities.provider"], ondelete="CASCADE"
        ),
        Index(None, "account_id", "provider"),
    )

    code_hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    """SHA-256 of the code."""
    browser_hash: Mapped[bytes] = mapped_column(LargeBinary)
    """As in `ProviderFlow`."""
    account_id: Mapped[int] = mapped_column(BigInteger)
    provider: Mapped[str] = mapped_column(Text)
    expires_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), index=True)
