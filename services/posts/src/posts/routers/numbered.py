"""For front ends that show page numbers and readable addresses."""

from typing import Annotated, Final

from fastapi import Path, Query

from common.calls.service_client import PeerUnavailable
from common.errors import InvalidInput
from common.http.deps import MaybeSignedIn, SignedIn
from common.http.etags import WithETag, set_etag
from common.http.problems import problems
from common.http.routing import service_router, shed_first
from common.schemas import Id, PageSize
from posts.deps import ReadPosts, RefreshFollows
from posts.schemas.post import NumberedPage, PostResponse, PostSummary, Tag
from posts.services.errors import FeedOffsetTooLarge, LikesArePrivate, PostNotFound
from posts.services.records import Selection

router = service_router("/posts", "posts")
FURTHEST: Final = 10_000
"""Most posts that a page may skip: each is passed in the index."""


class FeedNeedsSignIn(InvalidInput):
    """An anonymous caller follows nobody."""

    code = "feed-needs-sign-in"


@router.get("/numbered", responses=problems(LikesArePrivate, FeedNeedsSignIn, FeedOffsetTooLarge))
@shed_first
async def list_numbered(
    caller: MaybeSignedIn,
    queries: ReadPosts,
    author_id: Annotated[Id | None, Query(description="Only this person's posts.")] = None,
    tag: Annotated[Tag | None, Query(description="Only posts with this tag.")] = None,
    liked_by: Annotated[Id | None, Query(description="Only posts that this person likes.")] = None,
    feed: Annotated[bool, Query(description="Only posts of the people whom the caller follows.")] = False,
    limit: PageSize = 20,
    offset: Annotated[int, Query(ge=0, le=FURTHEST, description="How many posts to skip.")] = 0,
) -> NumberedPage:
    """List published posts without their texts, the newest first, with their number. All filters may be combined.

    For page numbers. While others publish, pages shift: `GET /posts` has cursors, which do not. It also leaves out
    people whom the caller blocks; this list does not. The posts that somebody likes are for themselves only, unless the
    setting CONDUIT is on. Without filters, and with several, the number is at most 10,000. In a feed, `offset` is at
    most 1,000.
    """
    if feed and caller is None:
        raise FeedNeedsSignIn("Sign in to see a feed.")
    viewer = caller.account_id if caller else None
    wanted = Selection(author_id, tag, liked_by, viewer if feed else None)
    found, total = await queries.numbered(wanted, viewer, limit, offset)
    return NumberedPage(items=[PostSummary.model_validate(post) for post in found], total=total)


@router.get("/by-slug/{slug}", responses=problems(PostNotFound))
async def get_post_by_slug(
    slug: Annotated[str, Path(max_length=200, examples=["first-light-41"])],
    caller: MaybeSignedIn,
    queries: ReadPosts,
    answer: WithETag,
) -> PostResponse:
    """Get a post by its `slug`. A draft is visible only to its author."""
    post = await queries.by_slug(slug, caller.account_id if caller else None)
    set_etag(answer, post.version)
    return PostResponse.model_validate(post)


@router.put("/feed/follows/{user_id}", status_code=204, responses=problems(PeerUnavailable))
async def refresh_follow(user_id: Id, caller: SignedIn, follows: RefreshFollows) -> None:
    """Read now from users whether the caller follows this person.

    An event tells it a moment later anyway. After this call the caller's feed is certainly up to date.
    """
    await follows.refresh(caller.account_id, user_id)
