"""Where somebody is signed in."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, DateTime, ForeignKey, Index, Integer, LargeBinary, SmallInteger, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from auth.database import Base


class Session(Base):
    """One sign-in on one device, and its current refresh token: not the token, but what makes it."""

    __tablename__ = "sessions"
    __table_args__ = (Index("ix_sessions_ended_at", "ended_at", postgresql_where=text("ended_at IS NOT NULL")),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("accounts.id", ondelete="CASCADE"), index=True)
    generation: Mapped[int] = mapped_column(Integer, server_default="1")
    secret: Mapped[bytes] = mapped_column(LargeBinary)
    """32 random bytes. With the server's key they make the token; neither alone does."""
    user_agent: Mapped[str] = mapped_column(Text)
    ip: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), server_default=text("clock_timestamp()"), index=True
    )
    rotated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=text("clock_timestamp()"))
    """Without an index, which each refresh would have to write (PostgreSQL's HOT updates)."""
    reissued_for: Mapped[int | None] = mapped_column(Integer)
    """The generation whose token came again, so that its successor was made anew."""
    reissued_as: Mapped[int | None] = mapped_column(Integer)
    """The generation that it got then. Counts only while it is the current one: the release before steps past it."""
    reissued_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    """Begins a grace, as `rotated_at` does, and leaves the idle limit where it was."""
    reissues: Mapped[int] = mapped_column(SmallInteger, server_default="0")
    """How often `reissued_for` came again. Counts only while `reissued_as` is the current generation."""
    ended_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    end_reason: Mapped[str | None] = mapped_column(Text)
