"""Pictures in posts, in PostgreSQL. A post shows a picture of its author if its text has the picture's name."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from sqlalchemy import text

from common.db.database import Executor

LATER: Final = timedelta(hours=1)
"""Until a picture that a text no longer shows is looked at: its author may be moving it."""
IS_USED: Final = """EXISTS (SELECT FROM posts
    WHERE author_id = pictures.account_id AND status IN ('published', 'draft') AND position(pictures.name IN body) > 0)
"""
IN_POST: Final = """
    FROM posts WHERE posts.id = :post AND pictures.account_id = posts.author_id
        AND position(pictures.name IN posts.body) > 0 AND removed_at IS NULL
"""
CHECK_LATER: Final = text(f"""
    UPDATE pictures SET check_at = clock_timestamp() + CAST(:later AS interval) {IN_POST} AND check_at IS NULL
""")  # noqa: S608  # constants, as below
WITHDRAW: Final = text(f"UPDATE pictures SET removed_at = clock_timestamp() {IN_POST}")  # noqa: S608


@dataclass(frozen=True, slots=True)
class PostPictures:
    """`PictureStore` in PostgreSQL."""

    session: Executor

    async def check_later(self, post_id: int) -> None:
        await self.session.execute(CHECK_LATER, {"post": post_id, "later": LATER})

    async def withdraw(self, post_id: int) -> None:
        await self.session.execute(WITHDRAW, {"post": post_id})
