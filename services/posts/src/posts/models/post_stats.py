"""Counters by post."""

from sqlalchemy import BigInteger, ForeignKey, Index, Integer
from sqlalchemy.orm import Mapped, mapped_column

from posts.database import Base


class PostStats(Base):
    """A published post's counters; a draft has none. Apart from the post: a like would rewrite its whole text."""

    __tablename__ = "post_stats"
    __table_args__ = (Index("ix_post_stats_top", "likes_count", "post_id"),)

    post_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("posts.id", ondelete="CASCADE"), primary_key=True)
    likes_count: Mapped[int] = mapped_column(Integer, server_default="0")
    comments_count: Mapped[int] = mapped_column(Integer, server_default="0")
