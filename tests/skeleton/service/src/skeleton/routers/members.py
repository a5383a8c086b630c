"""Members: the caller's own membership."""

from common.http.deps import SignedIn
from common.http.problems import problems
from common.http.routing import service_router
from skeleton.deps import ReadMembers, WriteMembers
from skeleton.schemas.member import MemberResponse
from skeleton.services.errors import AccountErased, NotAMember

router = service_router("/skeleton", "skeleton")


@router.get("/me", responses=problems(NotAMember))
async def get_own(caller: SignedIn, members: ReadMembers) -> MemberResponse:
    """Get your membership."""
    return MemberResponse.model_validate(await members.get(caller.account_id))


@router.put("/me", responses=problems(AccountErased))
async def join(caller: SignedIn, members: WriteMembers) -> MemberResponse:
    """Become a member. A repetition changes nothing."""
    return MemberResponse.model_validate(await members.join(caller.account_id))
