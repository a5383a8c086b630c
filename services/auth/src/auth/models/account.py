"""Accounts."""

from datetime import datetime

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    CheckConstraint,
    Computed,
    DateTime,
    Index,
    Integer,
    String,
    Text,
    false,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from auth.database import Base


class Account(Base):
    """An account. `version` counts its states, for events.

    The row of a deleted account stays, so that its id is never used again. It holds no personal data any more.
    """

    __tablename__ = "accounts"
    __table_args__ = (
        CheckConstraint("status IN ('active', 'disabled', 'deleting', 'deleted')", name="status"),
        CheckConstraint("roles <@ ARRAY['moderator', 'admin']", name="roles"),
        Index("ix_accounts_search", "search", postgresql_using="gin", postgresql_ops={"search": "gin_trgm_ops"}),
        Index("ix_accounts_with_roles", "id", postgresql_where=text("roles <> '{}'")),
        Index("uq_accounts_username", text("lower(username)"), unique=True),
        Index("ix_accounts_not_active", "id", postgresql_where=text("status <> 'active'")),
    )

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    email: Mapped[str | None] = mapped_column(Text, unique=True)
    """As `normal_email` writes it. Null once the account is deleted: others may have the address."""
    password_hash: Mapped[str] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text)
    """As given at sign-up; afterwards the profile in users counts."""
    username: Mapped[str | None] = mapped_column(Text)
    """Unique in any case of letters. Only people who signed up by the RealWorld API have one (`services.conduit`)."""
    roles: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default=text("'{}'"))
    status: Mapped[str] = mapped_column(Text, server_default="active")
    second_factor: Mapped[bool] = mapped_column(Boolean, server_default=false())
    """Whether a password alone does not sign in."""
    email_verified_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    tokens_not_before: Mapped[int] = mapped_column(BigInteger, server_default="0")
    """Access tokens issued before this moment (seconds since 1970) are refused."""
    version: Mapped[int] = mapped_column(Integer, server_default="1")
    locale: Mapped[str | None] = mapped_column(String(35))
    """The language of mails to it, as in BCP 47; null: the setting MAIL_LOCALE."""
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=text("now()"))
    search: Mapped[str | None] = mapped_column(Text, Computed("lower(name || ' '::text || email)", persisted=True))
    """The text in which admins search for parts of names and addresses."""
