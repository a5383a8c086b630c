"""Who follows whom."""

from datetime import datetime

from common.deps import SignedIn
from common.paging import BadCursor, Page, PageRequest, Paging, from_micros, to_micros
from common.ports import Slice
from common.problems import refusals
from common.routing import service_router
from common.schemas import Id
from users.deps import FollowGraph
from users.schemas.profile import FollowerResponse
from users.services.errors import CannotFollowYourself, UserNotFound
from users.services.records import Follower

router = service_router("/users", "follows")


@router.put("/{user_id}/follow", status_code=204, responses=refusals(CannotFollowYourself, UserNotFound))
async def follow(user_id: Id, caller: SignedIn, follows: FollowGraph) -> None:
    """Follow somebody. Doing it again changes nothing."""
    await follows.follow(caller.account_id, user_id)


@router.delete("/{user_id}/follow", status_code=204)
async def unfollow(user_id: Id, caller: SignedIn, follows: FollowGraph) -> None:
    """No longer follow somebody. Doing it again changes nothing."""
    await follows.unfollow(caller.account_id, user_id)


@router.get("/{user_id}/followers", response_model=Page[FollowerResponse], responses=refusals(UserNotFound, BadCursor))
async def list_followers(user_id: Id, caller: SignedIn, follows: FollowGraph, page: Paging) -> Page[FollowerResponse]:
    """Who follows somebody, the newest first."""
    return answer(page, "followers", await follows.followers(user_id, page.limit, place(page, "followers")))


@router.get("/{user_id}/following", response_model=Page[FollowerResponse], responses=refusals(UserNotFound, BadCursor))
async def list_following(user_id: Id, caller: SignedIn, follows: FollowGraph, page: Paging) -> Page[FollowerResponse]:
    """Whom somebody follows, the newest first."""
    return answer(page, "following", await follows.following(user_id, page.limit, place(page, "following")))


def place(page: PageRequest, kind: str) -> tuple[datetime, int] | None:
    after = page.after(kind, 2)
    return (from_micros(after[0]), after[1]) if after else None


def answer(page: PageRequest, kind: str, found: Slice[Follower]) -> Page[FollowerResponse]:
    rows, cursor = page.page(found, kind, lambda row: (to_micros(row.since), row.id))
    return Page(items=[FollowerResponse.model_validate(row) for row in rows], next_cursor=cursor)
