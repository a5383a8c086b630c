"""Sign-in attempts by address and source, and how long they must wait."""

from datetime import datetime

from sqlalchemy import Boolean, DateTime, Integer, LargeBinary, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from auth.database import Base


class SignInSource(Base):
    """One source's attempts for one address. Addresses without an account are counted too, so that both look alike."""

    __tablename__ = "sign_in_sources"

    address_hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    """SHA-256 of the normal form of the e-mail address."""
    source: Mapped[str] = mapped_column(Text, primary_key=True)
    """IPv4 address, or the network of 64 bits of an IPv6 address."""
    failures: Mapped[int] = mapped_column(Integer, server_default="0")
    """Failures since the last success. Running attempts count as failed until they succeed."""
    blocked_until: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    succeeded_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    noted: Mapped[bool] = mapped_column(Boolean, server_default=text("false"))
    """The audit trail has a line about the current wait."""
    kept_until: Mapped[datetime] = mapped_column(DateTime(timezone=True), index=True)


class SignInAddress(Base):
    """Attempts of all sources for one address that reached the hasher, less those that a success gave back."""

    __tablename__ = "sign_in_addresses"

    address_hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    attempts: Mapped[int] = mapped_column(Integer, server_default="0")
    noted_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    """When the audit trail last got a line about a refused stranger."""
    kept_until: Mapped[datetime] = mapped_column(DateTime(timezone=True), index=True)
