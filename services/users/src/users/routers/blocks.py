"""The caller's blocks."""

from common.http.cursors import BadCursor
from common.http.deps import SignedIn
from common.http.paging import PageResponse, Paging
from common.http.problems import problems
from common.http.routing import service_router
from common.schemas import Id
from users.deps import Relations
from users.routers.follows import place_of
from users.schemas.profile import BlockedResponse
from users.services.errors import CannotBlockYourself, UserNotFound

router = service_router("/users", "blocks")


@router.put("/{user_id}/block", status_code=204, responses=problems(CannotBlockYourself, UserNotFound))
async def block(user_id: Id, caller: SignedIn, graph: Relations) -> None:
    """Block somebody. A repetition changes nothing.

    Neither follows the other any longer, nor can. The blocked person can no longer comment on or like the caller's
    posts. The caller's lists of posts and comments leave them out. Profiles and published posts stay public: the
    blocked person still sees them, as anybody does without signing in.
    """
    await graph.block(caller.account_id, user_id)


@router.delete("/{user_id}/block", status_code=204)
async def unblock(user_id: Id, caller: SignedIn, graph: Relations) -> None:
    """End a block. A repetition changes nothing. Earlier follows are not restored."""
    await graph.unblock(caller.account_id, user_id)


@router.get("/me/blocks", responses=problems(BadCursor))
async def list_blocked(caller: SignedIn, graph: Relations, page: Paging) -> PageResponse[BlockedResponse]:
    """List the people that the caller blocks, the newest first."""
    found = await graph.blocked(caller.account_id, page.limit, page.after_time("blocks"))
    return page.answer(found, "blocks", place_of, BlockedResponse)
