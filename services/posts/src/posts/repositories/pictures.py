"""Pictures in posts and comments, in PostgreSQL. They are used while a text of their owner has their name."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import text

from common.db.database import Executor
from common.pictures.rows import AGAIN

IS_USED: Final = """
    EXISTS (SELECT FROM posts WHERE author_id = pictures.account_id AND status IN ('published', 'draft')
        AND position(pictures.name IN body) > 0)
    OR EXISTS (SELECT FROM comments WHERE author_id = pictures.account_id AND position(pictures.name IN body) > 0)
"""
# Of several pictures, those with lower names are locked first, as in `common.pictures.rows`.
KEEP: Final = text("""
    UPDATE pictures SET check_at = clock_timestamp() + CAST(:again AS interval) WHERE name = ANY (ARRAY(
        SELECT name FROM pictures
        WHERE account_id = :author AND removed_at IS NULL AND width IS NOT NULL AND (name = ANY (:names)
            OR EXISTS (SELECT FROM posts WHERE posts.id = :post AND position(pictures.name IN posts.body) > 0))
        ORDER BY name FOR UPDATE))
""")
WITHDRAW: Final = text("""
    UPDATE pictures SET removed_at = clock_timestamp() WHERE name = ANY (ARRAY(
        SELECT name FROM pictures
        WHERE account_id = :author AND name = ANY (:names) AND removed_at IS NULL ORDER BY name FOR UPDATE))
""")


@dataclass(frozen=True, slots=True)
class PostPictures:
    """`PictureStore` in PostgreSQL."""

    session: Executor

    async def check_later(self, author_id: int, names: Sequence[str], post_id: int | None = None) -> None:
        await self.session.execute(KEEP, {"author": author_id, "names": list(names), "post": post_id, "again": AGAIN})

    async def withdraw(self, author_id: int, names: Sequence[str]) -> None:
        await self.session.execute(WITHDRAW, {"author": author_id, "names": list(names)})
