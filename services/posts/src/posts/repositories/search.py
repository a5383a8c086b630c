"""Full-text search in PostgreSQL, the newest first.

The index finds matches in no order. For a word that half of all posts have, it would read all of them for one page. So
the newest posts are scanned first. The index is used only if these do not fill the page, which means rare words only.
Slower queries end at the time limit (`common.db.reading.SearchSession`).
"""

from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import TSQUERY
from sqlalchemy.sql.elements import SQLCoreOperations

from common.db.database import Executor
from common.db.pages import LIMIT, Rows, read_page
from common.ports import Page
from posts.models import PostTag
from posts.models import PostWords as Table
from posts.models.post_words import IS_LONG
from posts.repositories.hidden import seen, shown
from posts.repositories.lists import (
    AFTER,
    AUTHOR,
    LATER_TAGGED,
    SEEN_TAGGED,
    TAGGED_SO,
    filter_params,
    has_tag,
    of_page,
    place_params,
)
from posts.repositories.post_rows import POST
from posts.repositories.words import as_tsquery
from posts.services.ports import Place
from posts.services.records import Post as Found
from posts.services.records import PostFilter
from posts.services.words import Query

WINDOW: Final = 3_000
"""How many of the newest posts are scanned: a word in one of 140 fills a page of 20 from them."""
WINDOW_LONG: Final = 100
"""How many of them may be long (`posts.models.post_words.IS_LONG`): the longest have 8 MiB of words in total."""
WINDOW_BYTES: Final = 8 * 1024 * 1024
"""Bytes of words that are scanned in the list of an author or a tag, where no index marks the long posts."""

# In a subquery, so that the plan does not depend on the query.
QUERY: Final = sa.select(sa.cast(sa.bindparam("query", type_=sa.Text), TSQUERY)).scalar_subquery()
SHOWN_WORDS: Final = shown(Table.author_id)
SEEN_WORDS: Final = seen(Table.author_id)
LATER_WORDS: Final = sa.tuple_(Table.published_at, Table.post_id) < AFTER


def matches(words: SQLCoreOperations[Any]) -> sa.ColumnElement[bool]:
    return words.bool_op("@@")(QUERY)


def listed(wanted: PostFilter, *columns: Any, later: bool) -> Rows:
    """The posts of one author, or those with a tag, the newest first, along the index of their list."""
    if wanted.author_id is not None:
        rows = sa.select(*columns).where(SHOWN_WORDS, Table.author_id == AUTHOR, *[LATER_WORDS] * later)
        rows = rows.where(*[has_tag(Table.post_id, TAGGED_SO)] * (wanted.tag is not None))
        return rows.order_by(Table.published_at.desc(), Table.post_id.desc())
    rows = sa.select(*columns).where(SEEN_TAGGED, *[LATER_TAGGED] * later)
    return rows.order_by(PostTag.published_at.desc(), PostTag.post_id.desc())


def look_through(rows: Rows, most_bytes: int) -> sa.CTE:
    """The first of these posts, and whether they match. Null if they exceed the bytes, or have no words yet."""
    newest = rows.limit(WINDOW).subquery("newest")
    order = (newest.c.published_at.desc(), newest.c.post_id.desc())
    so_far = sa.func.sum(sa.func.pg_column_size(newest.c.words)).over(order_by=order, rows=(None, 0)).label("so_far")
    measured = sa.select(newest, so_far).subquery("measured")
    is_match = sa.case((measured.c.so_far <= most_bytes, matches(measured.c.words))).label("is_match")
    return sa.select(measured.c.post_id, measured.c.published_at, is_match).cte("looked")


def near_by_list(most_bytes: int, wanted: PostFilter, *, later: bool) -> tuple[sa.CTE, sa.ColumnElement[bool]]:
    """The newest posts of an author or a tag; and whether there are more than were scanned."""
    if wanted.author_id is not None:
        rows = listed(wanted, Table.post_id, Table.published_at, Table.words, later=later)
    else:  # the list's own time: with that of the words, the window would be sorted again
        rows = listed(wanted, PostTag.post_id, PostTag.published_at, Table.words, later=later)
        rows = rows.join(Table, Table.post_id == PostTag.post_id)
    looked = look_through(rows, most_bytes)
    source = Table if wanted.author_id is not None else PostTag
    more = listed(wanted, sa.literal_column("1"), later=later).select_from(source).offset(WINDOW).limit(1)
    return looked, sa.or_(sa.select(looked).where(looked.c.is_match.is_(None)).exists(), more.exists())


def near_by_time(most_long: int, *, later: bool) -> tuple[sa.CTE, sa.ColumnElement[bool]]:
    """The newest of all posts; there may be more.

    An index marks the long ones, so no sum is needed, which would take a quarter of a search.
    """
    newest_first = (Table.published_at.desc(), Table.post_id.desc())
    long = sa.select(Table.published_at).where(IS_LONG, *[LATER_WORDS] * later).order_by(*newest_first)
    end = sa.func.coalesce(
        long.offset(most_long).limit(1).scalar_subquery(), sa.literal_column("'-infinity'::timestamptz")
    )
    rows = sa.select(Table.post_id, Table.published_at, matches(Table.words).label("is_match"))
    rows = rows.where(SEEN_WORDS, Table.published_at > sa.select(end).scalar_subquery(), *[LATER_WORDS] * later)
    return rows.order_by(*newest_first).limit(WINDOW).cte("looked"), sa.true()


def search(wanted: PostFilter, *, later: bool, most_long: int = WINDOW_LONG, most_bytes: int = WINDOW_BYTES) -> Rows:
    """Matches among the newest posts of the list; if they are too few, among all that the index finds."""
    if wanted == PostFilter():
        looked, is_more = near_by_time(most_long, later=later)
    else:
        looked, is_more = near_by_list(most_bytes, wanted, later=later)
    near = sa.select(looked.c.post_id, looked.c.published_at).where(looked.c.is_match)
    near_page = near.order_by(looked.c.published_at.desc(), looked.c.post_id.desc()).limit(LIMIT).cte("near")
    # Without an order, or PostgreSQL would scan all posts by time.
    far = sa.select(Table.post_id, Table.published_at).where(
        sa.select(sa.func.count()).select_from(near_page).scalar_subquery() < LIMIT,
        is_more,
        matches(Table.words),
        SHOWN_WORDS if wanted.author_id is not None else SEEN_WORDS,
        *[LATER_WORDS] * later,
        *[Table.author_id == AUTHOR] * (wanted.author_id is not None),
        *[has_tag(Table.post_id, TAGGED_SO)] * (wanted.tag is not None),
    )
    # The index finds the matches of the window again; the union removes duplicates.
    found = sa.union(far, sa.select(near_page)).subquery("found")
    page = sa.select(found.c.post_id.label("id")).order_by(found.c.published_at.desc(), found.c.post_id.desc())
    return of_page(page.limit(LIMIT).subquery("page"))


KINDS: Final = [PostFilter(author_id, tag) for author_id in (None, 0) for tag in (None, "")]
SEARCH: Final = {
    (kind.author_id is None, kind.tag is None): (search(kind, later=False), search(kind, later=True)) for kind in KINDS
}


@dataclass(frozen=True, slots=True)
class SearchRepository:
    """`PostSearch` in PostgreSQL."""

    session: Executor

    async def newest(
        self, query: Query, wanted: PostFilter, viewer_id: int | None, limit: int, after: Place | None
    ) -> Page[Found]:
        asked = {"query": as_tsquery(query), "viewer": viewer_id, "limit": limit + 1}
        statement = SEARCH[wanted.author_id is None, wanted.tag is None][bool(after)]
        found = await self.session.execute(statement, {**asked, **filter_params(wanted), **place_params(after)})
        return read_page(found, POST)
