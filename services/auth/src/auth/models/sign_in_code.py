"""Codes for signing in that are sent by mail."""

from datetime import datetime

from sqlalchemy import Boolean, DateTime, LargeBinary, SmallInteger, Text, false
from sqlalchemy.orm import Mapped, mapped_column

from auth.database import Base


class SignInCode(Base):
    """A request for a code, whether an account has the address or not. Its use deletes it."""

    __tablename__ = "sign_in_codes"

    challenge_hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    """SHA-256 of the challenge, which only the browser that asked has."""
    email: Mapped[str] = mapped_column(Text, index=True)
    secret: Mapped[str] = mapped_column(Text)
    """The code derives from it and the server's key; neither alone is enough."""
    mailed: Mapped[bool] = mapped_column(Boolean, server_default=false())
    """Whether the code was sent: no other can be right."""
    tries: Mapped[int] = mapped_column(SmallInteger, server_default="0")
    expires_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), index=True)
