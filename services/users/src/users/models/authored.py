"""Read model of posts: how much somebody has published."""

from sqlalchemy import BigInteger, Integer
from sqlalchemy.orm import Mapped, mapped_column

from users.database import Base


class Authored(Base):
    """An account's number of published posts, as posts last told it. Apart from the profile: either may come first."""

    __tablename__ = "authored"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    posts_count: Mapped[int] = mapped_column(Integer)
    version: Mapped[int] = mapped_column(BigInteger)
