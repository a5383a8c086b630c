"""Copies of the posts and comments that moderators have removed."""

from datetime import datetime

from sqlalchemy import ARRAY, BigInteger, DateTime, Identity, Index, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from posts.database import Base


class Removal(Base):
    """A removal, with a copy for the author. Author and moderator are accounts of auth; null once deleted."""

    __tablename__ = "removals"
    __table_args__ = (
        Index("ix_removals_author", "author_id", "id"),
        Index("ix_removals_moderator", "moderator_id"),
        Index("ix_removals_removed_at", "removed_at"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    author_id: Mapped[int | None] = mapped_column(BigInteger)
    moderator_id: Mapped[int | None] = mapped_column(BigInteger)
    post_id: Mapped[int] = mapped_column(BigInteger)
    """The removed post, or the one below which the comment was. It may be gone, so this is no foreign key."""
    comment_id: Mapped[int | None] = mapped_column(BigInteger)
    """Null: the post itself was removed."""
    title: Mapped[str] = mapped_column(Text, server_default=text("''"))
    description: Mapped[str] = mapped_column(Text, server_default=text("''"))
    body: Mapped[str] = mapped_column(Text)
    tags: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default=text("'{}'"))
    reason: Mapped[str] = mapped_column(Text)
    note: Mapped[str] = mapped_column(Text)
    """The moderator's words to the author."""
    removed_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=text("now()"))
