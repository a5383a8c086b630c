"""Posts and drafts."""

from datetime import datetime
from typing import Annotated

from fastapi import Query

from common.deps import MaybeSignedIn, SignedIn
from common.etags import IfMatch, Tagged, tag
from common.paging import BadCursor, Page, PageRequest, Paging, from_micros, to_micros
from common.ports import Slice
from common.problems import refusals
from common.routing import service_router
from common.schemas import Id
from common.service_client import PeerUnavailable
from posts.deps import ReadPosts, SignedInEditor, WritePosts
from posts.schemas.post import PostCreate, PostResponse, PostUpdate, Tag
from posts.services.errors import AlreadyPublished, NotTheAuthor, PostNotFound
from posts.services.records import Post

router = service_router("/posts", "posts")


@router.get("", response_model=Page[PostResponse], responses=refusals(BadCursor))
async def list_posts(
    caller: MaybeSignedIn,
    reading: ReadPosts,
    page: Paging,
    author_id: Annotated[Id | None, Query(description="Only this person's posts.")] = None,
    tag: Annotated[Tag | None, Query(description="Only posts with this tag.")] = None,
) -> Page[PostResponse]:
    """Published posts, the newest first."""
    viewer = caller.account_id if caller else None
    kind = f"posts:{author_id}:{tag}"[:64]
    found = await reading.newest(viewer, page.limit, place(page, kind), author_id=author_id, tag=tag)
    return list_answer(page, kind, found)


@router.post("", status_code=201, response_model=PostResponse)
async def create_post(new: PostCreate, caller: SignedIn, writing: WritePosts, answer: Tagged) -> PostResponse:
    """Publish a post, or store a draft."""
    post = await writing.create(caller.account_id, new.model_dump())
    answer.headers["Location"] = f"/posts/{post.id}"
    tag(answer, post.version)
    return PostResponse.model_validate(post)


@router.get("/feed", response_model=Page[PostResponse], responses=refusals(BadCursor, PeerUnavailable))
async def get_feed(caller: SignedIn, reading: ReadPosts, page: Paging) -> Page[PostResponse]:
    """Posts of the people the caller follows, the newest first."""
    return list_answer(page, "feed", await reading.feed(caller.account_id, page.limit, place(page, "feed")))


@router.get("/drafts", response_model=Page[PostResponse], responses=refusals(BadCursor))
async def list_drafts(caller: SignedIn, reading: ReadPosts, page: Paging) -> Page[PostResponse]:
    """The caller's drafts, the newest first."""
    after = page.after("drafts", 1)
    found = await reading.drafts(caller.account_id, page.limit, after[0] if after else None)
    rows, cursor = page.page(found, "drafts", lambda draft: (draft.id,))
    return Page(items=[PostResponse.model_validate(row) for row in rows], next_cursor=cursor)


@router.get("/{post_id}", response_model=PostResponse, responses=refusals(PostNotFound))
async def get_post(post_id: Id, caller: MaybeSignedIn, reading: ReadPosts, answer: Tagged) -> PostResponse:
    """One post. Drafts are their author's only."""
    post = await reading.get(post_id, caller.account_id if caller else None)
    tag(answer, post.version)
    return PostResponse.model_validate(post)


@router.patch(
    "/{post_id}", response_model=PostResponse, responses=refusals(PostNotFound, NotTheAuthor, AlreadyPublished)
)
async def revise_post(
    post_id: Id, changes: PostUpdate, editor: SignedInEditor, writing: WritePosts, expected: IfMatch, answer: Tagged
) -> PostResponse:
    """Change some fields of one of the caller's own posts, or publish a draft."""
    post = await writing.revise(post_id, editor, changes.model_dump(exclude_unset=True), expected)
    tag(answer, post.version)
    return PostResponse.model_validate(post)


@router.delete("/{post_id}", status_code=204, responses=refusals(PostNotFound, NotTheAuthor))
async def delete_post(post_id: Id, editor: SignedInEditor, writing: WritePosts, expected: IfMatch) -> None:
    """Delete one of the caller's own posts with its comments and likes; moderators may delete published ones."""
    await writing.delete(post_id, editor, expected)


def place(page: PageRequest, kind: str) -> tuple[datetime, int] | None:
    after = page.after(kind, 2)
    return (from_micros(after[0]), after[1]) if after else None


def list_answer(page: PageRequest, kind: str, found: Slice[Post]) -> Page[PostResponse]:
    rows, cursor = page.page(found, kind, where)
    return Page(items=[PostResponse.model_validate(row) for row in rows], next_cursor=cursor)


def where(post: Post) -> tuple[int, int]:
    """A published post's place in the lists; the database holds that it has a time."""
    return to_micros(post.published_at or post.created_at), post.id
