# file: only with posts
"""Read model of posts: numbers of published posts."""

from sqlalchemy import BigInteger, Integer
from sqlalchemy.orm import Mapped, mapped_column

from users.database import Base


class Authored(Base):
    """An account's number of published posts, from posts. Apart from the profile, since either may arrive first."""

    __tablename__ = "authored"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    posts_count: Mapped[int] = mapped_column(Integer)
    version: Mapped[int] = mapped_column(BigInteger)
