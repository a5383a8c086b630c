"""Profiles."""

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, Computed, DateTime, Index, Integer, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from users.database import Base


class Profile(Base):
    """A profile. Its id is that of the account in auth."""

    __tablename__ = "profiles"
    __table_args__ = (
        CheckConstraint("followers_count >= 0 AND following_count >= 0", name="counts"),
        Index(
            "ix_profiles_folded",
            "folded",
            postgresql_using="gin",
            postgresql_ops={"folded": "gin_trgm_ops"},
            postgresql_with={"gin_pending_list_limit": 256},  # see posts' `PostWords`
        ),
        Index("ix_profiles_username", text("lower(username)"), "id"),
        Index("ix_profiles_not_folded", "id", postgresql_where=text("folded IS NULL")),
        Index("ix_profiles_search", "search", postgresql_using="gin", postgresql_ops={"search": "gin_trgm_ops"}),
    )

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    email: Mapped[str] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text)
    username: Mapped[str | None] = mapped_column(Text)
    """The account's, from auth, which keeps it unique. For a moment two profiles may have it: the newer one counts."""
    search: Mapped[str] = mapped_column(Text, Computed("search_form(name)", persisted=True))
    """The previous release searches this column; the next one drops it."""
    folded: Mapped[str | None] = mapped_column(Text)
    """The name in the form of the search (`users.repositories.names`). A writer that knows the form stores it with the
    name; otherwise it is null until the backfill makes it within seconds (`common.db.backfill`)."""
    bio: Mapped[str] = mapped_column(Text, server_default="")
    avatar_url: Mapped[str | None] = mapped_column(Text)
    followers_count: Mapped[int] = mapped_column(Integer, server_default="0")
    following_count: Mapped[int] = mapped_column(Integer, server_default="0")
    version: Mapped[int] = mapped_column(Integer, server_default="1")
    """Counts the owner's changes; the counters do not change it."""
    account_version: Mapped[int] = mapped_column(Integer)
    """Version of the account, in auth, that is known here."""
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=text("now()"))
    updated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=text("now()"))
