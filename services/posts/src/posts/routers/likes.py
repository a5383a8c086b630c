"""Likes."""

from common.http.deps import SignedIn
from common.http.problems import problems
from common.http.routing import service_router
from common.schemas import Id
from posts.deps import WritePosts
from posts.services.errors import Blocked, PostNotFound

router = service_router("/posts", "likes")


@router.put("/{post_id}/like", status_code=204, responses=problems(PostNotFound, Blocked))
async def like_post(post_id: Id, caller: SignedIn, commands: WritePosts) -> None:
    """Like a post, unless its author has blocked the caller. A repetition changes nothing."""
    await commands.like(post_id, caller.account_id)


@router.delete("/{post_id}/like", status_code=204)
async def unlike_post(post_id: Id, caller: SignedIn, commands: WritePosts) -> None:
    """Remove the caller's like. A repetition changes nothing."""
    await commands.unlike(post_id, caller.account_id)
