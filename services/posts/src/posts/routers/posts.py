"""Posts and drafts."""

from typing import Annotated, Final

from fastapi import Query

from common.calls.service_client import PeerUnavailable
from common.db.reading import SearchTooSlow
from common.http.access import public
from common.http.concurrency_limits import SearchLimit, SearchUnderWay
from common.http.cursors import BadCursor, to_micros
from common.http.deps import MaybeSignedIn, SignedIn
from common.http.etags import IfMatch, WithETag, set_etag
from common.http.paging import PageResponse, Paging
from common.http.problems import problems
from common.http.routing import service_router
from common.schemas import Id
from posts.deps import ReadPosts, ReadTags, SignedInEditor, WritePosts
from posts.schemas.post import PostCreate, PostResponse, PostUpdate, Sort, Tag, Words
from posts.schemas.tag import TagResponse, TagSort
from posts.services import errors
from posts.services.records import Post, PostFilter

SEARCH: Final = (
    "Only posts with these words, in title or text; the last may be the beginning of one. "
    '`"a phrase"`, `or` and `-not` are understood. Case and accents make no difference. '
    "Chinese, Japanese and Thai are found by any part of a run of letters."
)
router = service_router("/posts", "posts")


@router.get(
    "",
    responses=problems(
        BadCursor,
        errors.SearchHasOneOrder,
        errors.SearchNeedsAWord,
        errors.SearchHasTooManyWords,
        SearchUnderWay,
        SearchTooSlow,
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
    """List published posts, the newest first or the most liked first. All filters may be combined.

    Signed in, without those of people whom the caller blocks, unless `author_id` asks for them.

    The order by likes is live: pages shift as likes change. A caller may run one search or list by likes at a time. The
    next one waits for half a second, and is then refused with 429.
    """
    viewer, wanted = caller.account_id if caller else None, PostFilter(author_id, tag)
    kind = f"posts:{sort}:{author_id}:{tag}:{q}"
    if sort == "top":
        if q is not None:
            raise errors.SearchHasOneOrder("Search results come the newest first.")
        async with limit.slot():
            ranked = await queries.top(wanted, viewer, page.limit, page.after_pair(kind))
        return page.answer(ranked, kind, lambda post: (post.likes_count, post.id), PostResponse)
    if q is not None:
        async with limit.slot():
            found = await queries.search(q, wanted, viewer, page.limit, page.after_time(kind))
        return page.answer(found, kind, place_of, PostResponse)
    newest = await queries.newest(wanted, viewer, page.limit, page.after_time(kind))
    return page.answer(newest, kind, place_of, PostResponse)


@router.post("", status_code=201)
async def create_post(new: PostCreate, caller: SignedIn, commands: WritePosts, answer: WithETag) -> PostResponse:
    """Publish a post, or store a draft."""
    post = await commands.create(caller.account_id, new.model_dump())
    answer.headers["Location"] = f"/posts/{post.id}"
    set_etag(answer, post.version)
    return PostResponse.model_validate(post)


@router.get("/feed", responses=problems(BadCursor, PeerUnavailable))
async def get_feed(caller: SignedIn, queries: ReadPosts, page: Paging) -> PageResponse[PostResponse]:
    """List posts of the people the caller follows, the newest first.

    A block ends following in both directions, so neither person sees the other here.
    """
    found = await queries.feed(caller.account_id, page.limit, page.after_time("feed"))
    return page.answer(found, "feed", place_of, PostResponse)


@router.get("/drafts", responses=problems(BadCursor))
async def list_drafts(caller: SignedIn, queries: ReadPosts, page: Paging) -> PageResponse[PostResponse]:
    """List the caller's drafts, the newest first."""
    found = await queries.drafts(caller.account_id, page.limit, page.after_id("drafts"))
    return page.answer(found, "drafts", lambda draft: (draft.id,), PostResponse)


@router.get("/tags", responses=problems(BadCursor))
@public
async def list_tags(
    tags: ReadTags, page: Paging, sort: Annotated[TagSort, Query(description="The order.")] = "used"
) -> PageResponse[TagResponse]:
    """List tags of published posts, the most used first; or those of the latest posts first, on one page."""
    if sort == "recent":
        latest = await tags.recent(page.limit)
        return PageResponse(items=[TagResponse.model_validate(tag) for tag in latest], next_cursor=None)
    found = await tags.most_used(page.limit, page.after_pair("tags"))
    return page.answer(found, "tags", lambda tag: (tag.posts_count, tag.id), TagResponse)


@router.get("/{post_id}", responses=problems(errors.PostNotFound))
async def get_post(post_id: Id, caller: MaybeSignedIn, queries: ReadPosts, answer: WithETag) -> PostResponse:
    """Get a post. A draft is visible only to its author."""
    post = await queries.get(post_id, caller.account_id if caller else None)
    set_etag(answer, post.version)
    return PostResponse.model_validate(post)


@router.patch("/{post_id}", responses=problems(errors.PostNotFound, errors.NotTheAuthor, errors.AlreadyPublished))
async def revise_post(
    post_id: Id, changes: PostUpdate, editor: SignedInEditor, commands: WritePosts, expected: IfMatch, answer: WithETag
) -> PostResponse:
    """Change some fields of one of the caller's own posts, or publish a draft."""
    post = await commands.revise(post_id, editor, changes.model_dump(exclude_unset=True), expected)
    set_etag(answer, post.version)
    return PostResponse.model_validate(post)


@router.delete("/{post_id}", status_code=204, responses=problems(errors.PostNotFound, errors.NotTheAuthor))
async def delete_post(post_id: Id, editor: SignedInEditor, commands: WritePosts, expected: IfMatch) -> None:
    """Delete one of the caller's own posts with its comments and likes; moderators may delete published ones."""
    await commands.delete(post_id, editor, expected)


def place_of(post: Post) -> tuple[int, int]:
    """A published post's place in the lists; the database guarantees that it has a time."""
    return to_micros(post.published_at or post.created_at), post.id
