"""How much a tag is used."""

from sqlalchemy import BigInteger, Identity, Index, Integer, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from posts.database import Base


class Tag(Base):
    """A tag, and how many published posts carry it. One that nobody uses any more is not shown.

    It stays, at 0, for some minutes (`posts.services.retention`), or until somebody is forgotten: it may be theirs.
    """

    __tablename__ = "tags"
    __table_args__ = (
        Index("ix_tags_most_used", "posts_count", "id", postgresql_where=text("posts_count > 0")),
        Index("ix_tags_unused", "name", postgresql_where=text("posts_count = 0")),
    )

    name: Mapped[str] = mapped_column(Text, primary_key=True)
    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True))
    """For the order of tags that are used as much as each other, and for cursors, which hold numbers only."""
    posts_count: Mapped[int] = mapped_column(Integer)
