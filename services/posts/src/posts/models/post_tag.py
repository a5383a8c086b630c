"""Tags by published post."""

from datetime import datetime

from sqlalchemy import BigInteger, DateTime, ForeignKey, Index, Text
from sqlalchemy.orm import Mapped, mapped_column

from posts.database import Base


class PostTag(Base):
    """One tag of one published post, with the sort keys of lists, so that a tag's page reads only its own rows."""

    __tablename__ = "post_tags"
    __table_args__ = (Index("ix_post_tags_newest", "tag", "published_at", "post_id"),)

    post_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("posts.id", ondelete="CASCADE"), primary_key=True)
    tag: Mapped[str] = mapped_column(Text, primary_key=True)
    published_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
