"""Follows."""

from datetime import datetime

from sqlalchemy import BigInteger, Boolean, CheckConstraint, DateTime, Index, Integer, text
from sqlalchemy.orm import Mapped, mapped_column

from users.database import Base


class Follow(Base):
    """A follow. It stays when somebody stops following, inactive, so that its version never restarts."""

    __tablename__ = "follows"
    __table_args__ = (
        CheckConstraint("follower_id <> followee_id", name="not_self"),
        Index("ix_follows_following", "follower_id", "since", "followee_id", postgresql_where=text("active")),
        Index("ix_follows_followers", "followee_id", "since", "follower_id", postgresql_where=text("active")),
        Index("ix_follows_followee", "followee_id", "follower_id"),
    )

    follower_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    followee_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    active: Mapped[bool] = mapped_column(Boolean)
    version: Mapped[int] = mapped_column(Integer, server_default="1")
    since: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=text("clock_timestamp()"))
