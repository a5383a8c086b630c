"""For the other services only; the gateway does not pass these on."""

from typing import Annotated

from fastapi import Depends, Query

from common.deps import CallingService
from common.errors import InvalidInput
from common.problems import refusals
from common.routing import internal_router
from common.schemas import DIGITS, MAX_ID, Id
from common.tokens import Principal
from users.deps import FollowGraph, ReadProfiles
from users.schemas.profile import Cards, CardState, FollowedIds

router = internal_router()

MAX_BATCH = 100
Posts = Annotated[Principal, Depends(CallingService("posts"))]


class BadIds(InvalidInput):
    """The list of ids cannot be read."""

    code = "bad-ids"


def id_list(text: str) -> list[int]:
    """`1,2,3`, at most 100 of them."""
    words = text.split(",")
    if len(words) > MAX_BATCH or not all(DIGITS.fullmatch(word) and 1 <= int(word) <= MAX_ID for word in words):
        raise BadIds(f"ids must be up to {MAX_BATCH} numbers, separated by commas.")
    return sorted({int(word) for word in words})


@router.get("/profiles", response_model=Cards, responses=refusals(BadIds))
async def get_cards(ids: Annotated[str, Query(max_length=2000)], caller: Posts, profiles: ReadProfiles) -> Cards:
    """Names and pictures of several people at once."""
    return Cards(items=[CardState.model_validate(card) for card in await profiles.cards(id_list(ids))])


@router.get("/following/{user_id}", response_model=FollowedIds)
async def get_followed_ids(user_id: Id, caller: Posts, follows: FollowGraph) -> FollowedIds:
    """Whom somebody follows, for their feed."""
    return FollowedIds(ids=list(await follows.followed_ids(user_id)))
