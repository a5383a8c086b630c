"""Full-text search in PostgreSQL, the newest first.

The index finds what matches, and not in an order: a word that half of all posts have would have to be read whole for
one page. So the newest posts are looked through first, and the index is asked only if these do not fill the page, which
rare words alone do not. What is still too much ends by the limit of time (`common.database.Searches`).
"""

from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Boolean, ColumnElement, Text, bindparam, case, cast, func, literal_column, select, text, union
from sqlalchemy.dialects.postgresql import TSQUERY
from sqlalchemy.sql.elements import SQLCoreOperations

from common.database import Runs
from common.ports import Slice
from posts.models import Post as Table
from posts.models import PostTag
from posts.models.post import FOLD
from posts.repositories.lists import (
    BY_AUTHOR,
    BY_AUTHOR_AND_TAG,
    HAS_TAG,
    LATER,
    LATER_TAGGED,
    NEWEST_FIRST,
    PUBLISHED,
    SHOWN,
    TAGGED_SO,
    behind,
    named,
    newest_first,
    of_page,
)
from posts.repositories.pages import LIMIT, Rows, read_page
from posts.repositories.post_rows import read_post
from posts.services.ports import Place
from posts.services.records import Choice, Post

WINDOW: Final = 5_000
"""How many of the newest posts are looked through: a word in one of two hundred fills a page of 20 from them."""

SIMPLE: Final[ColumnElement[Any]] = literal_column("'simple'::regconfig")
ASKED: Final = func.websearch_to_tsquery(SIMPLE, text(FOLD.format("CAST(:asked AS text)")))
AS_TEXT: Final = cast(ASKED, Text)
# websearch_to_tsquery knows no prefixes, so the mark is added to what it made, if that ends with a word. Asked as a
# subquery: made once, and the plan does not depend on it.
QUERY: Final = select(
    case(
        (
            bindparam("open_end", type_=Boolean) & (func.right(AS_TEXT, 1) == literal_column("''''")),
            cast(AS_TEXT + literal_column("':*'"), TSQUERY),
        ),
        else_=ASKED,
    )
).scalar_subquery()


def matches(words: SQLCoreOperations[Any]) -> ColumnElement[bool]:
    return words.bool_op("@@")(QUERY)


def search(choice: Choice, *, later: bool) -> Rows:
    """The newest of a window over the list's own order; and if they are too few, of all that the index finds."""
    if choice.author_id is not None:  # an author's posts are few enough to look through
        listed = BY_AUTHOR if choice.tag is None else BY_AUTHOR_AND_TAG
        return newest_first(listed.where(matches(Table.words), *[LATER] * later))
    window = select(Table.id, Table.published_at, Table.words)
    if choice.tag is None:
        window = window.where(PUBLISHED, SHOWN, *[LATER] * later).order_by(*NEWEST_FIRST)
    else:
        window = window.join(PostTag, PostTag.post_id == Table.id).where(TAGGED_SO)
        window = window.where(*[LATER_TAGGED] * later).order_by(PostTag.published_at.desc(), PostTag.post_id.desc())
    newest = window.limit(WINDOW).subquery()
    near = select(newest.c.id, newest.c.published_at).where(matches(newest.c.words))
    near_page = near.order_by(newest.c.published_at.desc(), newest.c.id.desc()).limit(LIMIT).cte("near")
    far = select(Table.id, Table.published_at).where(
        select(func.count()).select_from(near_page).scalar_subquery() < LIMIT,
        matches(Table.words),
        PUBLISHED,
        SHOWN,
        *[LATER] * later,
        *[HAS_TAG] * (choice.tag is not None),
    )
    found = union(select(near_page.c.id, near_page.c.published_at), far).subquery()
    return of_page(select(found.c.id).order_by(found.c.published_at.desc(), found.c.id.desc()).limit(LIMIT).subquery())


KINDS: Final = [Choice(author_id, tag) for author_id in (None, 0) for tag in (None, "")]
SEARCH: Final = {
    (kind.author_id is None, kind.tag is None): (search(kind, later=False), search(kind, later=True)) for kind in KINDS
}


def open_end(words: str) -> bool:
    """Whether the last word may be the beginning of one: not if it is the end of a phrase, or one that must not be."""
    return not (words.endswith('"') or words.rpartition(" ")[2].startswith("-"))


@dataclass(frozen=True, slots=True)
class SearchRepository:
    """`PostSearch` in PostgreSQL."""

    session: Runs

    async def newest(
        self, words: str, choice: Choice, viewer_id: int | None, limit: int, after: Place | None
    ) -> Slice[Post]:
        asked = {"asked": words, "open_end": open_end(words), "viewer": viewer_id, "limit": limit + 1}
        statement = SEARCH[choice.author_id is None, choice.tag is None][bool(after)]
        found = await self.session.execute(statement, {**asked, **named(choice), **behind(after)})
        return read_page(found, read_post)
