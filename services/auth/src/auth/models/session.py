"""Sessions."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ARRAY, BigInteger, DateTime, ForeignKey, Index, Integer, LargeBinary, SmallInteger, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from auth.database import Base


class Session(Base):
    """One sign-in on one device, and the data from which its current refresh token derives, not the token itself."""

    __tablename__ = "sessions"
    __table_args__ = (Index("ix_sessions_ended_at", "ended_at", postgresql_where=text("ended_at IS NOT NULL")),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("accounts.id", ondelete="CASCADE"), index=True)
    generation: Mapped[int] = mapped_column(Integer, server_default="1")
    secret: Mapped[bytes] = mapped_column(LargeBinary)
    """32 random bytes. The token derives from them and the server's key; neither alone is enough."""
    client: Mapped[str] = mapped_column(Text, server_default="trivium")
    """`conduit`: a lasting session, whose one token never changes (`services.sessions.refresh_tokens`)."""
    user_agent: Mapped[str] = mapped_column(Text)
    ip: Mapped[str] = mapped_column(Text)
    methods: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default="{pwd}")
    """How its owner proved who they are: values of `amr` (RFC 8176)."""
    confirmed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    """When they last did so again, after the sign-in."""
    created_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), server_default=text("clock_timestamp()"), index=True
    )
    rotated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=text("clock_timestamp()"))
    """Has no index, which each refresh would have to update (PostgreSQL's HOT updates)."""
    reissued_for: Mapped[int | None] = mapped_column(Integer)
    """The generation whose token was repeated, so that its successor was made again."""
    reissued_as: Mapped[int | None] = mapped_column(Integer)
    """The generation of that successor. Counts only while it is current: the previous release skips it."""
    reissued_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    """Begins a grace period, as `rotated_at` does, without moving the idle limit."""
    reissues: Mapped[int] = mapped_column(SmallInteger, server_default="0")
    """How often `reissued_for` was repeated. Counts only while `reissued_as` is the current generation."""
    ended_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    end_reason: Mapped[str | None] = mapped_column(Text)
