"""Counters by author."""

from sqlalchemy import BigInteger, Integer
from sqlalchemy.orm import Mapped, mapped_column

from posts.database import Base


class AuthorStats(Base):
    """An author's counter. posts owns it, and sends it to users."""

    __tablename__ = "author_stats"

    author_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    posts_count: Mapped[int] = mapped_column(Integer)
    version: Mapped[int] = mapped_column(BigInteger, server_default="1")
