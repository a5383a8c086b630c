"""Tags and their use, in PostgreSQL. Changes of posts count them (`posts.repositories.posts`)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import BigInteger, bindparam, select, text, tuple_

from common.db.database import Executor
from common.db.rows import RowReader
from common.ports import Page
from posts.models import Tag as Table
from posts.services.ports import Rank
from posts.services.records import Tag

MOST_USED: Final = (
    select(Table.id, Table.name, Table.posts_count)
    .where(Table.posts_count > 0)
    .order_by(Table.posts_count.desc(), Table.id.desc())
    .limit(bindparam("limit"))
)
# wider than the column, as a cursor's numbers are
AFTER: Final = tuple_(bindparam("count", type_=BigInteger), bindparam("id", type_=BigInteger))
LATER: Final = MOST_USED.where(tuple_(Table.posts_count, Table.id) < AFTER)
TAG: Final = RowReader(Tag)
# Tags of this many posts: each has up to ten.
LATEST: Final = 500
RECENT: Final = text(f"""
    SELECT tags.id, tags.name, tags.posts_count FROM (
        SELECT name, min(place) AS place FROM (
            SELECT row_number() OVER () AS place, posts.tags AS names FROM (
                SELECT posts.tags FROM posts WHERE status = 'published'
                ORDER BY published_at DESC, id DESC LIMIT {LATEST}) AS posts) AS latest,
            unnest(names) AS name
        GROUP BY name ORDER BY place, name LIMIT :limit) AS recent
    JOIN tags ON tags.name = recent.name WHERE tags.posts_count > 0 ORDER BY place, tags.name
""")  # noqa: S608  # a number of ours
# A transaction that tags a post holds the tag's row, which is skipped here; or it waits, and inserts the tag again.
FORGET_UNUSED: Final = text("""
    DELETE FROM tags WHERE posts_count = 0 AND name = ANY (ARRAY(
        SELECT name FROM tags WHERE posts_count = 0 ORDER BY name LIMIT :most FOR UPDATE SKIP LOCKED))
    RETURNING name
""")


@dataclass(frozen=True, slots=True)
class TagRepository:
    """`TagReader` and `TagStore` in PostgreSQL."""

    session: Executor

    async def most_used(self, limit: int, after: Rank | None) -> Page[Tag]:
        place = {"count": after[0], "id": after[1]} if after else {}
        found = await self.session.execute(LATER if after else MOST_USED, {"limit": limit + 1, **place})
        return Page.cut(TAG.all(found), limit)

    async def recent(self, limit: int) -> Sequence[Tag]:
        return TAG.all(await self.session.execute(RECENT, {"limit": limit}))

    async def forget_unused(self, most: int) -> int:
        return len((await self.session.execute(FORGET_UNUSED, {"most": most})).all())
