"""Lists of posts in PostgreSQL. A page is cut from an index in its own order before any post is read.

People whom the viewer blocks are left out of the lists of everybody's posts. A list of one author has no such filter.

The cost of any page of n:

- The newest posts, those of a tag or of an author, and the top of all: n rows of their own index. For a viewer who
  blocks people, also the rows of those people in between.
- The feed: one index row per followee, and n² more.
- An author's posts with a tag, and an author's top: at most all posts of the author.
- The top of a tag: all posts of the tag. If they are more than FEW: the top of all posts until n have the tag, given up
  after WALK of them.

Slow ones, the top of a tag or an author, run as a search: few at once, and for 2 s at most.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import BigInteger, ColumnElement, Subquery, Text, bindparam, desc, literal_column, select, true, tuple_
from sqlalchemy.sql.elements import SQLCoreOperations

from common.db.database import Executor
from common.db.pages import LIMIT, Rows, bounded, read_page
from common.ports import Page
from posts.models import Author as People
from posts.models import Follow, PostStats, PostTag, Tag
from posts.models import Post as Table
from posts.repositories.hidden import VIEWER, of_seen_author, of_shown_author, seen, shown
from posts.repositories.post_rows import COLUMNS, POST, POSTS, get_post
from posts.services.ports import Place, Rank
from posts.services.records import Post, PostFilter

FEW: Final = 5_000
"""Most posts of a tag that are read one by one. In the top of a million posts, a larger tag is one in 200."""
WALK: Final = 20_000
"""Most posts of the top that are read for a tag. They fill a page if one in a thousand has it."""
TAG: Final = bindparam("tag", type_=Text)
AUTHOR: Final = bindparam("author", type_=BigInteger)
AFTER: Final = tuple_(bindparam("time"), bindparam("id", type_=BigInteger))
# wider than the column, as a cursor's numbers are: it may name more likes than there can be
AFTER_RANK: Final = tuple_(bindparam("likes", type_=BigInteger), bindparam("id", type_=BigInteger))
PUBLISHED: Final = Table.status == "published"
TAGGED_SO: Final = (PostTag.tag == TAG) & of_shown_author(PostTag.post_id)
SEEN_TAGGED: Final = (PostTag.tag == TAG) & of_seen_author(PostTag.post_id)
HAS_TAG: Final = Table.tags.any_() == TAG  # a filter on rows found otherwise: no index holds it
NEWEST_FIRST: Final = (Table.published_at.desc(), Table.id.desc())
MOST_LIKED_FIRST: Final = (PostStats.likes_count.desc(), PostStats.post_id.desc())

LATER: Final = tuple_(Table.published_at, Table.id) < AFTER
LATER_TAGGED: Final = tuple_(PostTag.published_at, PostTag.post_id) < AFTER
LATER_RANKED: Final = tuple_(PostStats.likes_count, PostStats.post_id) < AFTER_RANK

SHOWN: Final = shown(Table.author_id)
SEEN: Final = seen(Table.author_id)
NEWEST: Final = POSTS.where(PUBLISHED).order_by(*NEWEST_FIRST).limit(LIMIT)
BY_ALL: Final = NEWEST.where(SEEN)
BY_AUTHOR: Final = NEWEST.where(SHOWN, Table.author_id == AUTHOR)
BY_AUTHOR_AND_TAG: Final = BY_AUTHOR.where(HAS_TAG)
DRAFTS: Final = (
    POSTS.where(Table.status == "draft", Table.author_id == AUTHOR, SHOWN).order_by(Table.id.desc()).limit(LIMIT)
)
LATER_DRAFT: Final = Table.id < bindparam("id", type_=BigInteger)


def newest_first(posts: Rows) -> Rows:
    return bounded(posts, desc, "published_at", "id")


def most_liked_first(posts: Rows) -> Rows:
    return bounded(posts, desc, "likes_count", "id")


def of_page(page: Subquery) -> Rows:
    """The posts of a page of ids, the newest first."""
    return newest_first(POSTS.join(page, page.c.id == Table.id))


def by_tag(*after: Any) -> Rows:
    page = select(PostTag.post_id.label("id")).where(SEEN_TAGGED, *after)
    return of_page(page.order_by(PostTag.published_at.desc(), PostTag.post_id.desc()).limit(LIMIT).subquery())


def newest_of(author: SQLCoreOperations[Any], limit: Any, *after: Any) -> Any:
    """The places of an author's newest posts, for each row that names an author."""
    places = select(Table.id, Table.published_at).where(PUBLISHED, Table.author_id == author, *after)
    return places.order_by(*NEWEST_FIRST).limit(limit).lateral()


def feed_places(reader: SQLCoreOperations[Any], most: Any, *after: Any) -> Rows:
    """The places of all followees' newest posts, merged, of which `most` are wanted.

    The n newest posts come from the n authors whose newest posts are the newest. So the first step reads one post of
    each followee, and only those n authors are read further.
    """
    head = newest_of(Follow.followee_id, 1, *after)
    authors = select(Follow.followee_id).join(head, true())
    authors = authors.where(Follow.follower_id == reader, Follow.active, shown(Follow.followee_id))
    nearest = authors.order_by(head.c.published_at.desc(), head.c.id.desc()).limit(most).subquery()
    each = newest_of(nearest.c.followee_id, most, *after)
    merged = select(each.c.id).select_from(nearest).join(each, true())
    return merged.order_by(each.c.published_at.desc(), each.c.id.desc())


def feed(*after: Any) -> Rows:
    """A page of the feed."""
    return of_page(feed_places(VIEWER, LIMIT, *after).limit(LIMIT).subquery())


def ranked(page: Rows) -> Rows:
    """The posts of a page of ids, the most liked first."""
    cut = page.limit(LIMIT).subquery()
    return most_liked_first(POSTS.join(cut, cut.c.id == Table.id))


def top(*after: Any) -> Rows:
    """The top of all posts, along the index of likes. Checks for published posts itself."""
    posts = select(*COLUMNS).select_from(PostStats).join(Table, Table.id == PostStats.post_id)
    posts = posts.outerjoin(People, People.id == Table.author_id).where(PUBLISHED, SEEN, *after)
    return most_liked_first(posts.order_by(*MOST_LIKED_FIRST).limit(LIMIT))


def has_tag(post: SQLCoreOperations[int], tagged: ColumnElement[bool] = SEEN_TAGGED) -> ColumnElement[bool]:
    """Looked up post by post: with a join, PostgreSQL might begin with all posts of the tag."""
    found: Rows = select(literal_column("true")).where(PostTag.post_id == post, tagged)
    return found.correlate_except(PostTag).scalar_subquery().is_not(None)


def top_of_common_tag(*after: Any) -> Rows:
    """The top of a tag that many posts have: along the index of likes, for at most WALK posts."""
    walk = select(PostStats.post_id, PostStats.likes_count).where(*after).order_by(*MOST_LIKED_FIRST).limit(WALK)
    walked = walk.subquery("walked")
    page = select(walked.c.post_id.label("id")).where(has_tag(walked.c.post_id))
    return ranked(page.order_by(walked.c.likes_count.desc(), walked.c.post_id.desc()))


def top_of(posts: Rows, post: SQLCoreOperations[int], *, later: bool) -> Rows:
    """The top of some posts, each of which is read: PostgreSQL would rather walk the top of all posts."""
    likes = select(PostStats.post_id, PostStats.likes_count).where(PostStats.post_id == post).limit(1).lateral()
    after = [tuple_(likes.c.likes_count, likes.c.post_id) < AFTER_RANK] * later
    page = posts.add_columns(likes.c.post_id.label("id")).join(likes, true()).where(*after)
    return ranked(page.order_by(likes.c.likes_count.desc(), likes.c.post_id.desc()))


def top_of_whole_tag(*after: Any) -> Rows:
    """The top of all posts of a tag, sorted. By expressions, so that PostgreSQL does not walk the index."""
    order = [(column + 0).desc() for column in (PostStats.likes_count, PostStats.post_id)]
    tagged = select(PostTag.post_id).where(SEEN_TAGGED).cte("tagged").prefix_with("MATERIALIZED")
    page = select(tagged.c.post_id.label("id")).join(PostStats, PostStats.post_id == tagged.c.post_id)
    return ranked(page.where(*after).order_by(*order))


TAGGED: Final = select().select_from(PostTag).where(SEEN_TAGGED)
OWN: Final = select().select_from(Table).where(Table.author_id == AUTHOR, PUBLISHED, SHOWN)

# Each as a first page and as a later one.
ALL, OF_AUTHOR, OF_AUTHOR_AND_TAG = (
    (newest_first(listed), newest_first(listed.where(LATER))) for listed in (BY_ALL, BY_AUTHOR, BY_AUTHOR_AND_TAG)
)
OWN_DRAFTS: Final = (bounded(DRAFTS, desc, "id"), bounded(DRAFTS.where(LATER_DRAFT), desc, "id"))
BY_TAG: Final = (by_tag(), by_tag(LATER_TAGGED))
FEED: Final = (feed(), feed(LATER))
TOP: Final = (top(), top(LATER_RANKED))
TOP_OF_COMMON_TAG: Final = (top_of_common_tag(), top_of_common_tag(LATER_RANKED))
TOP_OF_WHOLE_TAG: Final = (top_of_whole_tag(), top_of_whole_tag(LATER_RANKED))
TOP_OF_TAG: Final = [top_of(TAGGED, PostTag.post_id, later=later) for later in (False, True)]
TOP_OF_AUTHOR: Final = [top_of(OWN, Table.id, later=later) for later in (False, True)]
TOP_OF_AUTHOR_AND_TAG: Final = [top_of(OWN.where(HAS_TAG), Table.id, later=later) for later in (False, True)]
USED: Final = select(Tag.posts_count).where(Tag.name == TAG)


@dataclass(frozen=True, slots=True)
class PostLists:
    """`PostReader` in PostgreSQL."""

    session: Executor
    searches: Executor
    """For slow queries."""

    async def get(self, post_id: int, viewer_id: int | None) -> Post | None:
        return await get_post(self.session, post_id, viewer_id)

    async def newest(self, wanted: PostFilter, viewer_id: int | None, limit: int, after: Place | None) -> Page[Post]:
        if wanted.author_id is not None:
            statements = OF_AUTHOR if wanted.tag is None else OF_AUTHOR_AND_TAG
        else:
            statements = ALL if wanted.tag is None else BY_TAG
        return await self._page(
            statements[bool(after)], viewer_id, limit, **filter_params(wanted), **place_params(after)
        )

    async def top(self, wanted: PostFilter, viewer_id: int | None, limit: int, after: Rank | None) -> Page[Post]:
        page = TopPage(viewer_id, limit, filter_params(wanted), after)
        if wanted.author_id is not None:
            statements = TOP_OF_AUTHOR if wanted.tag is None else TOP_OF_AUTHOR_AND_TAG
            return await self._top(self.searches, statements, page)
        if wanted.tag is None:
            return await self._top(self.session, TOP, page)
        # asked first, since PostgreSQL's own choice between the two is wrong for most tags
        used = (await self.session.execute(USED, {"tag": wanted.tag})).scalar_one_or_none()
        if used is None or used <= FEW:
            return await self._top(self.session, TOP_OF_TAG, page)
        walked = await self._top(self.searches, TOP_OF_COMMON_TAG, page)
        return walked if walked.more else await self._top(self.searches, TOP_OF_WHOLE_TAG, page)

    async def _top(self, session: Executor, statements: Sequence[Rows], page: "TopPage") -> Page[Post]:
        place = {"likes": page.after[0], "id": page.after[1]} if page.after else {}
        params = {"viewer": page.viewer_id, "limit": page.limit + 1, **page.wanted, **place}
        return read_page(await session.execute(statements[bool(place)], params), POST)

    async def feed(self, reader_id: int, limit: int, after: Place | None) -> Page[Post]:
        return await self._page(FEED[bool(after)], reader_id, limit, **place_params(after))

    async def drafts(self, author_id: int, limit: int, after: int | None) -> Page[Post]:
        place = {} if after is None else {"id": after}
        return await self._page(OWN_DRAFTS[bool(place)], author_id, limit, author=author_id, **place)

    async def _page(self, statement: Rows, viewer_id: int | None, limit: int, **params: Any) -> Page[Post]:
        found = await self.session.execute(statement, {"viewer": viewer_id, "limit": limit + 1, **params})
        return read_page(found, POST)


@dataclass(frozen=True, slots=True)
class TopPage:
    """A request for a page of a top list."""

    viewer_id: int | None
    limit: int
    wanted: Mapping[str, Any]
    after: Rank | None


def filter_params(wanted: PostFilter) -> dict[str, Any]:
    """The parameters of a filter; a statement uses those that it knows."""
    return {"author": wanted.author_id, "tag": wanted.tag}


def place_params(after: Place | None) -> dict[str, Any]:
    """The parameters of a place."""
    return {"time": after[0], "id": after[1]} if after else {}
