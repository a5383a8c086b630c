"""Credentials of other services."""

from datetime import datetime

from sqlalchemy import DateTime, LargeBinary, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from auth.database import Base


class ServiceClient(Base):
    """A service's credentials. Its secret is random and long, so a plain SHA-256 of it is enough."""

    __tablename__ = "service_clients"

    client_id: Mapped[str] = mapped_column(Text, primary_key=True)
    secret_hash: Mapped[bytes] = mapped_column(LargeBinary)
    previous_hash: Mapped[bytes | None] = mapped_column(LargeBinary)
    """Valid until the next change, so that a secret can be replaced without a gap."""
    updated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=text("now()"))
