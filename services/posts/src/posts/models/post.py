"""Posts."""

from datetime import datetime

from sqlalchemy import ARRAY, BigInteger, CheckConstraint, Computed, DateTime, Identity, Index, Integer, Text, text
from sqlalchemy.dialects.postgresql import TSVECTOR
from sqlalchemy.orm import Mapped, mapped_column

from posts.database import Base

PUBLISHED = text("status = 'published'")
FOLD = r"normalize(regexp_replace(normalize({}, NFD), '[\u0300-\u036f]+', '', 'g'), NFC)"
"""SQL: a text without accents, as the previous release stores it."""
TITLE_AND_BODY = FOLD.format("title || ' ' || body")
WORDS = f"to_tsvector('simple', left({TITLE_AND_BODY}, 60000))"
"""SQL: the previous release searches this column. This one has `PostWords`; the next drops the column."""


class Post(Base):
    """A post or a draft. The author is an account of auth."""

    __tablename__ = "posts"
    __table_args__ = (
        CheckConstraint("status IN ('draft', 'published')", name="status"),
        CheckConstraint("(status = 'published') = (published_at IS NOT NULL)", name="published_at"),
        Index("ix_posts_newest", "published_at", "id", postgresql_where=PUBLISHED),
        Index("ix_posts_by_author", "author_id", "published_at", "id", postgresql_where=PUBLISHED),
        Index(
            "ix_posts_words",
            "words",
            postgresql_using="gin",
            postgresql_where=PUBLISHED,
            postgresql_with={"gin_pending_list_limit": 256},
        ),
        Index("ix_posts_drafts", "author_id", "id", postgresql_where=text("status = 'draft'")),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    author_id: Mapped[int] = mapped_column(BigInteger)
    title: Mapped[str] = mapped_column(Text)
    description: Mapped[str] = mapped_column(Text, server_default=text("''"))
    body: Mapped[str] = mapped_column(Text)
    tags: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default=text("'{}'"))
    status: Mapped[str] = mapped_column(Text)
    version: Mapped[int] = mapped_column(Integer, server_default="1")
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=text("now()"))
    updated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=text("now()"))
    published_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    words: Mapped[str] = mapped_column(TSVECTOR, Computed(WORDS, persisted=True), deferred=True)
