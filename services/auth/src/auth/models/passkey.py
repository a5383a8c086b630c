"""Passkeys, the handles by which authenticators know accounts, and used challenges."""

from datetime import datetime

from sqlalchemy import ARRAY, BigInteger, Boolean, DateTime, ForeignKey, Identity, LargeBinary, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from auth.database import Base


class Passkey(Base):
    """A credential of an authenticator (Web Authentication, level 3, section 4: credential record)."""

    __tablename__ = "passkeys"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    account_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("accounts.id", ondelete="CASCADE"), index=True)
    credential_id: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    public_key: Mapped[bytes] = mapped_column(LargeBinary)
    """In COSE (RFC 9052)."""
    sign_count: Mapped[int] = mapped_column(BigInteger)
    """Of the last use; 0 if the authenticator does not count."""
    backup_eligible: Mapped[bool] = mapped_column(Boolean)
    backed_up: Mapped[bool] = mapped_column(Boolean)
    transports: Mapped[list[str]] = mapped_column(ARRAY(Text))
    name: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=text("clock_timestamp()"))
    last_used_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class PasskeyHandle(Base):
    """The random name by which authenticators know an account. It stays, so that a new passkey replaces an old one."""

    __tablename__ = "passkey_handles"

    account_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("accounts.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    handle: Mapped[bytes] = mapped_column(LargeBinary, unique=True)


class SpentChallenge(Base):
    """A challenge that was used, until it would have expired anyway."""

    __tablename__ = "spent_challenges"

    challenge_hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    """SHA-256 of the challenge."""
    kept_until: Mapped[datetime] = mapped_column(DateTime(timezone=True), index=True)
