"""Posts and drafts."""

from collections.abc import Callable
from typing import Annotated, Final

from fastapi import Query

from common.calls.service_client import PeerUnavailable
from common.db.database import SearchTooSlow
from common.http.access import public
from common.http.concurrency_limits import SearchLimit, SearchUnderWay
from common.http.deps import MaybeSignedIn, SignedIn
from common.http.etags import IfMatch, WithETag, set_etag
from common.http.paging import BadCursor, PageRequest, PageResponse, Paging, from_micros, to_micros
from common.http.problems import problems
from common.http.routing import service_router
from common.ports import Page
from common.schemas import Id
from posts.deps import ReadPosts, ReadTags, SignedInEditor, WritePosts
from posts.schemas.post import PostCreate, PostResponse, PostUpdate, Sort, Tag, Words
from posts.schemas.tag import TagResponse
from posts.services.errors import (
    AlreadyPublished,
    NotTheAuthor,
    PostNotFound,
    SearchHasOneOrder,
    SearchHasTooManyWords,
    SearchNeedsAWord,
)
from posts.services.ports import Place, Rank
from posts.services.records import Post, PostFilter
from posts.services.records import Tag as UsedTag

SEARCH: Final = (
    "Only posts with these words, in title or text; the last may be the beginning of one. "
    '`"a phrase"`, `or` and `-not` are understood. Case and accents make no difference. '
    "Chinese, Japanese and Thai are found by any part of a run of letters."
)
router = service_router("/posts", "posts")


@router.get(
    "",
    response_model=PageResponse[PostResponse],
    responses=problems(
        BadCursor, SearchHasOneOrder, SearchNeedsAWord, SearchHasTooManyWords, SearchUnderWay, SearchTooSlow
    ),
)
async def list_posts(
    caller: MaybeSignedIn,
    queries: ReadPosts,
    page: Paging,
    limit: SearchLimit,
    author_id: Annotated[Id | None, Query(description="Only this person's posts.")] = None,
    tag: Annotated[Tag | None, Query(description="Only posts with this tag.")] = None,
    q: Annotated[Words | None, Query(description=SEARCH)] = None,
    sort: Annotated[Sort, Query(description="The newest first, or the most liked. Search: only `new`.")] = "new",
) -> PageResponse[PostResponse]:
    """Published posts, the newest first, or the most liked first. All filters may be combined.

    The order by likes is live: pages shift while people like. A caller has one search or list by likes at a time: the
    next waits for half a second, then it is 429.
    """
    viewer, wanted = caller.account_id if caller else None, PostFilter(author_id, tag)
    kind = f"posts:{sort}:{author_id}:{tag}:{q}"
    if sort == "top":
        if q is not None:
            raise SearchHasOneOrder("What is found by words comes the newest first.")
        async with limit.slot():
            ranked = await queries.top(wanted, viewer, page.limit, rank(page, kind))
        return list_answer(page, kind, ranked, rank_of)
    if q is not None:
        async with limit.slot():
            found = await queries.search(q, wanted, viewer, page.limit, place(page, kind))
        return list_answer(page, kind, found)
    return list_answer(page, kind, await queries.newest(wanted, viewer, page.limit, place(page, kind)))


@router.post("", status_code=201, response_model=PostResponse)
async def create_post(new: PostCreate, caller: SignedIn, commands: WritePosts, answer: WithETag) -> PostResponse:
    """Publish a post, or store a draft."""
    post = await commands.create(caller.account_id, new.model_dump())
    answer.headers["Location"] = f"/posts/{post.id}"
    set_etag(answer, post.version)
    return PostResponse.model_validate(post)


@router.get("/feed", response_model=PageResponse[PostResponse], responses=problems(BadCursor, PeerUnavailable))
async def get_feed(caller: SignedIn, queries: ReadPosts, page: Paging) -> PageResponse[PostResponse]:
    """Posts of the people the caller follows, the newest first.

    A block ends following both ways, so neither of the two sees the other here. What is published stays readable for
    everybody elsewhere, as it is without a token.
    """
    return list_answer(page, "feed", await queries.feed(caller.account_id, page.limit, place(page, "feed")))


@router.get("/drafts", response_model=PageResponse[PostResponse], responses=problems(BadCursor))
async def list_drafts(caller: SignedIn, queries: ReadPosts, page: Paging) -> PageResponse[PostResponse]:
    """The caller's drafts, the newest first."""
    after = page.after("drafts", 1)
    found = await queries.drafts(caller.account_id, page.limit, after[0] if after else None)
    rows, cursor = page.page(found, "drafts", lambda draft: (draft.id,))
    return PageResponse(items=[PostResponse.model_validate(row) for row in rows], next_cursor=cursor)


@router.get("/tags", response_model=PageResponse[TagResponse], responses=problems(BadCursor))
@public
async def list_tags(tags: ReadTags, page: Paging) -> PageResponse[TagResponse]:
    """Tags of published posts, the most used first."""
    rows, cursor = page.page(await tags.most_used(page.limit, rank(page, "tags")), "tags", use_of)
    return PageResponse(items=[TagResponse.model_validate(row) for row in rows], next_cursor=cursor)


@router.get("/{post_id}", response_model=PostResponse, responses=problems(PostNotFound))
async def get_post(post_id: Id, caller: MaybeSignedIn, queries: ReadPosts, answer: WithETag) -> PostResponse:
    """One post. Drafts are their author's only."""
    post = await queries.get(post_id, caller.account_id if caller else None)
    set_etag(answer, post.version)
    return PostResponse.model_validate(post)


@router.patch(
    "/{post_id}", response_model=PostResponse, responses=problems(PostNotFound, NotTheAuthor, AlreadyPublished)
)
async def revise_post(
    post_id: Id, changes: PostUpdate, editor: SignedInEditor, commands: WritePosts, expected: IfMatch, answer: WithETag
) -> PostResponse:
    """Change some fields of one of the caller's own posts, or publish a draft."""
    post = await commands.revise(post_id, editor, changes.model_dump(exclude_unset=True), expected)
    set_etag(answer, post.version)
    return PostResponse.model_validate(post)


@router.delete("/{post_id}", status_code=204, responses=problems(PostNotFound, NotTheAuthor))
async def delete_post(post_id: Id, editor: SignedInEditor, commands: WritePosts, expected: IfMatch) -> None:
    """Delete one of the caller's own posts with its comments and likes; moderators may delete published ones."""
    await commands.delete(post_id, editor, expected)


def place(page: PageRequest, kind: str) -> Place | None:
    after = page.after(kind, 2)
    return (from_micros(after[0]), after[1]) if after else None


def rank(page: PageRequest, kind: str) -> Rank | None:
    after = page.after(kind, 2)
    return (after[0], after[1]) if after else None


def place_of(post: Post) -> tuple[int, int]:
    """A published post's place in the lists; the database holds that it has a time."""
    return to_micros(post.published_at or post.created_at), post.id


def rank_of(post: Post) -> tuple[int, int]:
    return post.likes_count, post.id


def use_of(tag: UsedTag) -> tuple[int, int]:
    return tag.posts_count, tag.id


def list_answer(
    page: PageRequest, kind: str, found: Page[Post], where: Callable[[Post], tuple[int, int]] = place_of
) -> PageResponse[PostResponse]:
    rows, cursor = page.page(found, kind, where)
    return PageResponse(items=[PostResponse.model_validate(row) for row in rows], next_cursor=cursor)
