"""Who has tried to sign in as whom, and how long they must wait."""

from datetime import datetime

from sqlalchemy import DateTime, Integer, LargeBinary, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from auth.database import Base


class SignInSource(Base):
    """One source's tries for one address. For addresses without an account as well, so that both look the same."""

    __tablename__ = "sign_in_sources"

    address_hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    """SHA-256 of the normal form of the e-mail address."""
    source: Mapped[str] = mapped_column(Text, primary_key=True)
    """IPv4 address, or the network of 64 bits of an IPv6 address."""
    failures: Mapped[int] = mapped_column(Integer, server_default="0")
    """In a row; those under way count as failed until they have succeeded."""
    blocked_until: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    succeeded_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    tried_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), server_default=text("clock_timestamp()"), index=True
    )


class SignInAddress(Base):
    """All sources' tries for one address that reached the hasher and have not been followed by a success."""

    __tablename__ = "sign_in_addresses"

    address_hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    attempts: Mapped[int] = mapped_column(Integer, server_default="0")
    tried_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), server_default=text("clock_timestamp()"), index=True
    )
