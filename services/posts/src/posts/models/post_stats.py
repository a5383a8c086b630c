"""How much a post is liked and talked about."""

from sqlalchemy import BigInteger, ForeignKey, Integer
from sqlalchemy.orm import Mapped, mapped_column

from posts.database import Base


class PostStats(Base):
    """A post's counters. Apart from the post: a like would otherwise write the whole text anew."""

    __tablename__ = "post_stats"

    post_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("posts.id", ondelete="CASCADE"), primary_key=True)
    likes_count: Mapped[int] = mapped_column(Integer, server_default="0")
    comments_count: Mapped[int] = mapped_column(Integer, server_default="0")
