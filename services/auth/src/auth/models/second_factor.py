"""Second factors, their recovery codes, started sign-ins that wait for one, and devices that need none."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    BigInteger,
    DateTime,
    ForeignKey,
    LargeBinary,
    SmallInteger,
    Text,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from auth.database import Base


class SecondFactor(Base):
    """An account's authenticator (TOTP, RFC 6238). It counts once a code of it has confirmed it."""

    __tablename__ = "second_factors"

    account_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("accounts.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    secret: Mapped[bytes] = mapped_column(LargeBinary)
    """Encrypted under KEY_ENCRYPTION_KEY."""
    last_step: Mapped[int] = mapped_column(BigInteger, server_default="0")
    """The 30 s of the last accepted code, counted since 1970. No code of it or of an earlier one is accepted."""
    confirmed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    created_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), server_default=text("clock_timestamp()"), index=True
    )


class RecoveryCode(Base):
    """A code for the loss of the authenticator. Its use deletes it."""

    __tablename__ = "recovery_codes"

    account_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("accounts.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    code_hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    """SHA-256 of the code, which has 120 random bits."""


class SignInChallenge(Base):
    """A sign-in that waits for its second factor. Its success deletes it."""

    __tablename__ = "sign_in_challenges"

    token_hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    """SHA-256 of the challenge, which has 32 random bytes."""
    account_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("accounts.id", ondelete="CASCADE"), index=True)
    password_digest: Mapped[bytes] = mapped_column(LargeBinary)
    """SHA-256 of the stored password hash at that moment: with another password it is void."""
    methods: Mapped[list[str]] = mapped_column(ARRAY(Text))
    """Proofs so far: values of `amr`."""
    via: Mapped[str | None] = mapped_column(Text)
    """The way of the first step, for the audit trail."""
    tries: Mapped[int] = mapped_column(SmallInteger, server_default="0")
    expires_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), index=True)


class TrustedDevice(Base):
    """A device whose holder has proven the second factor lately, and signs in with the password alone."""

    __tablename__ = "trusted_devices"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("accounts.id", ondelete="CASCADE"), index=True)
    token_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    """SHA-256 of its token, which has 32 random bytes."""
    user_agent: Mapped[str] = mapped_column(Text)
    ip: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), server_default=text("clock_timestamp()"), index=True
    )
    last_used_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=text("clock_timestamp()"))
