"""Read model of users' follows."""

from sqlalchemy import BigInteger, Boolean, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from posts.database import Base


class Follow(Base):
    """A follow, from users. A follow that ended stays, inactive, so that an older event cannot bring it back."""

    __tablename__ = "follows"
    __table_args__ = (
        Index("ix_follows_active", "follower_id", "followee_id", postgresql_where=text("active")),
        Index("ix_follows_followee", "followee_id", "follower_id"),
    )

    follower_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    followee_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    active: Mapped[bool] = mapped_column(Boolean)
    version: Mapped[int] = mapped_column(BigInteger)
