"""Search words by published post."""

from datetime import datetime

from sqlalchemy import BigInteger, DateTime, ForeignKey, Index, Integer, text
from sqlalchemy.dialects.postgresql import TSVECTOR
from sqlalchemy.orm import Mapped, mapped_column

from posts.database import Base

IS_LONG = text("octet_length(post_words.words::text) > 4000")
"""A text of about 500 different words or more. Not `pg_column_size`, which PostgreSQL does not index."""


class PostWords(Base):
    """One published post's words, with the columns by which search orders and filters. Deleted with its post.

    Apart from the post: each search scans the newest thousands, and would read their texts too.
    """

    __tablename__ = "post_words"
    __table_args__ = (
        Index("ix_post_words_newest", "published_at", "post_id"),
        Index("ix_post_words_by_author", "author_id", "published_at", "post_id"),
        # New entries wait in a list of so many kB, until a writer has to move them. With PostgreSQL's default of 4 MB,
        # and a million posts, one writer in thousands waits for seven seconds.
        Index("ix_post_words_words", "words", postgresql_using="gin", postgresql_with={"gin_pending_list_limit": 256}),
        Index("ix_post_words_long", "published_at", "post_id", postgresql_where=IS_LONG),
        Index("ix_post_words_missing", "post_id", postgresql_where=text("words IS NULL")),
    )

    post_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("posts.id", ondelete="CASCADE"), primary_key=True)
    author_id: Mapped[int] = mapped_column(BigInteger)
    published_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    words: Mapped[str | None] = mapped_column(TSVECTOR)
    """Made by `posts.services.words`; null until then, see `posts.repositories.words`."""
    cleared: Mapped[int] = mapped_column(Integer, server_default="0")
    """How often the words were set to null, because the text changed."""
