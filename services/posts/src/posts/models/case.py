"""Cases: posts and comments that people have reported, for moderators to decide."""

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, DateTime, ForeignKey, Identity, Index, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from posts.database import Base

OPEN = text("status = 'open'")


class Case(Base):
    """All reports of one post or comment since it was last decided upon. It goes with its target."""

    __tablename__ = "cases"
    __table_args__ = (
        CheckConstraint("status IN ('open', 'dismissed')", name="status"),
        CheckConstraint("(status = 'open') = (decided_at IS NULL)", name="decided_at"),
        Index(
            "uq_cases_open",
            "post_id",
            "comment_id",
            unique=True,
            postgresql_nulls_not_distinct=True,
            postgresql_where=OPEN,
        ),
        Index("ix_cases_status", "status", "id"),
        Index("ix_cases_post", "post_id"),
        Index("ix_cases_comment", "comment_id", postgresql_where=text("comment_id IS NOT NULL")),
        Index("ix_cases_decided", "decided_at", postgresql_where=text("decided_at IS NOT NULL")),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    post_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("posts.id", ondelete="CASCADE"))
    comment_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("comments.id", ondelete="CASCADE"))
    """Null: the post itself was reported."""
    status: Mapped[str] = mapped_column(Text, server_default=text("'open'"))
    opened_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=text("now()"))
    decided_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
