"""Tags and their use."""

from sqlalchemy import BigInteger, Identity, Index, Integer, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from posts.database import Base


class Tag(Base):
    """A tag, and how many published posts carry it. Unused tags are not shown.

    An unused tag stays, at 0, for some minutes (`posts.services.retention`). An erasure deletes all unused tags at
    once, since one may come from that account.
    """

    __tablename__ = "tags"
    __table_args__ = (
        Index("ix_tags_most_used", "posts_count", "id", postgresql_where=text("posts_count > 0")),
        Index("ix_tags_unused", "name", postgresql_where=text("posts_count = 0")),
    )

    name: Mapped[str] = mapped_column(Text, primary_key=True)
    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True))
    """Orders tags that are used equally often, also in cursors, which hold only numbers."""
    posts_count: Mapped[int] = mapped_column(Integer)
