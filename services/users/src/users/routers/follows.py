"""Follows."""

from common.http.cursors import BadCursor, to_micros
from common.http.deps import SignedIn
from common.http.paging import PageResponse, Paging
from common.http.problems import problems
from common.http.routing import service_router
from common.schemas import Id
from users.deps import Relations
from users.schemas.profile import FollowerResponse
from users.services.errors import BlockedByThem, BlockedByYou, CannotFollowYourself, UserNotFound
from users.services.records import Neighbour

router = service_router("/users", "follows")


@router.put(
    "/{user_id}/follow",
    status_code=204,
    responses=problems(CannotFollowYourself, UserNotFound, BlockedByThem, BlockedByYou),
)
async def follow(user_id: Id, caller: SignedIn, graph: Relations) -> None:
    """Follow somebody. A repetition changes nothing. Nobody can follow a person who blocks them or whom they block."""
    await graph.follow(caller.account_id, user_id)


@router.delete("/{user_id}/follow", status_code=204)
async def unfollow(user_id: Id, caller: SignedIn, graph: Relations) -> None:
    """Stop following somebody. A repetition changes nothing."""
    await graph.unfollow(caller.account_id, user_id)


@router.get("/{user_id}/followers", responses=problems(UserNotFound, BadCursor))
async def list_followers(
    user_id: Id, caller: SignedIn, graph: Relations, page: Paging
) -> PageResponse[FollowerResponse]:
    """List a person's followers, the newest first."""
    found = await graph.followers(user_id, page.limit, page.after_time("followers"))
    return page.answer(found, "followers", place_of, FollowerResponse)


@router.get("/{user_id}/following", responses=problems(UserNotFound, BadCursor))
async def list_following(
    user_id: Id, caller: SignedIn, graph: Relations, page: Paging
) -> PageResponse[FollowerResponse]:
    """List the people that a person follows, the newest first."""
    found = await graph.following(user_id, page.limit, page.after_time("following"))
    return page.answer(found, "following", place_of, FollowerResponse)


def place_of(neighbour: Neighbour) -> tuple[int, int]:
    """A person's place in a list of follows or blocks, the newest first."""
    return to_micros(neighbour.since), neighbour.id
