"""Numbered pages in PostgreSQL: the newest posts from some place on, and how many there are in all.

For front ends that show page numbers. Rows before the page are skipped in an index, and texts are not read. The number
comes from counters where there are any: of tags, and of authors. Otherwise rows are counted, up to MOST_COUNTED.
Without conditions these are entries of an index; with two, the rows of one author, or those that one account likes.
The number comes with the rows of the page, so a page is one statement; only one beyond the end takes another.
"""

from dataclasses import dataclass
from itertools import combinations
from typing import Any, Final

from sqlalchemy import BigInteger, ColumnElement, bindparam, func, literal_column, select

from common.db.database import Executor
from common.db.pages import LIMIT, Rows
from posts.models import AuthorStats, Follow, Like, PostTag, Tag
from posts.models import Post as Table
from posts.repositories.hidden import shown
from posts.repositories.lists import AUTHOR, HAS_TAG, NEWEST_FIRST, PUBLISHED, SHOWN, TAG, TAGGED_SO, feed_places
from posts.repositories.post_rows import COLUMNS, POST, POSTS
from posts.services.records import Post, Selection

OFFSET: Final = bindparam("offset", type_=BigInteger)
LIKER: Final = bindparam("liked_by", type_=BigInteger)
READER: Final = bindparam("followed_by", type_=BigInteger)
FOLLOWED: Final = select(Follow.followee_id).where(Follow.follower_id == READER, Follow.active)
LIKED_POSTS: Final = select(Like.post_id).where(Like.account_id == LIKER)
CONDITIONS: Final[dict[str, ColumnElement[bool]]] = {
    "author_id": Table.author_id == AUTHOR,
    "tag": HAS_TAG,
    "liked_by": Table.id.in_(LIKED_POSTS),
    "followed_by": Table.author_id.in_(FOLLOWED),
}
MOST_COUNTED: Final = 10_000
"""No page lies further away (`posts.routers.numbered`)."""
NO_TEXT: Final = [literal_column("''").label("body") if column is Table.body else column for column in COLUMNS]
COUNTED: Final = select(func.coalesce(func.sum(AuthorStats.posts_count), 0)).where(shown(AuthorStats.author_id))

Kind = frozenset[str]


def places(kind: Kind) -> Rows:
    """The ids of the page, along the index of its list."""
    if kind == {"tag"}:
        tagged = select(PostTag.post_id.label("id")).where(TAGGED_SO)
        return tagged.order_by(PostTag.published_at.desc(), PostTag.post_id.desc()).offset(OFFSET).limit(LIMIT)
    if kind == {"followed_by"}:
        return feed_places(READER, OFFSET + LIMIT).offset(OFFSET).limit(LIMIT)
    rows = select(Table.id).where(PUBLISHED, SHOWN, *(CONDITIONS[name] for name in sorted(kind)))
    return rows.order_by(*NEWEST_FIRST).offset(OFFSET).limit(LIMIT)


def page(kind: Kind) -> Rows:
    # An array, so that exactly these posts are read by their ids, whatever PostgreSQL estimates.
    ids = func.array(places(kind).scalar_subquery())
    return POSTS.with_only_columns(*NO_TEXT).where(Table.id == func.any(ids)).order_by(*NEWEST_FIRST)


def total(kind: Kind) -> Rows:
    match sorted(kind):
        case []:  # also those of people who are being erased, so that the index is enough
            return counted(select(Table.id).where(PUBLISHED).order_by(*NEWEST_FIRST))
        case ["author_id"]:
            return COUNTED.where(AuthorStats.author_id == AUTHOR)
        case ["followed_by"]:
            return COUNTED.where(AuthorStats.author_id.in_(FOLLOWED))
        case ["tag"]:
            return select(func.coalesce(func.sum(Tag.posts_count), 0)).where(Tag.name == TAG)
    return counted(select(Table.id).where(PUBLISHED, SHOWN, *(CONDITIONS[name] for name in sorted(kind))))


def counted(rows: Rows) -> Rows:
    return select(func.count()).select_from(rows.limit(literal_column(str(MOST_COUNTED))).subquery())


KINDS: Final = [frozenset(names) for size in range(5) for names in combinations(CONDITIONS, size)]
TOTALS: Final = {kind: total(kind) for kind in KINDS}
PAGES: Final = {
    kind: page(kind).add_columns(TOTALS[kind].correlate(None).scalar_subquery().label("total")) for kind in KINDS
}


@dataclass(frozen=True, slots=True)
class NumberedPages:
    """`NumberedReader` in PostgreSQL."""

    session: Executor

    async def page(self, wanted: Selection, viewer_id: int | None, limit: int, offset: int) -> tuple[list[Post], int]:
        params: dict[str, Any] = {
            "author": wanted.author_id,
            "tag": wanted.tag,
            "liked_by": wanted.liked_by,
            "followed_by": wanted.followed_by,
        }
        kind = frozenset(name for name in CONDITIONS if getattr(wanted, name) is not None)
        place = {"viewer": viewer_id, "limit": limit, "offset": offset}
        rows = list(await self.session.execute(PAGES[kind], {**params, **place}))
        found = POST.all(rows)
        if len(found) < limit and not offset:
            return found, len(found)
        if rows:
            return found, int(rows[0].total)
        return found, int((await self.session.execute(TOTALS[kind], params)).scalar_one())
