"""For the RealWorld API, with the setting CONDUIT only: its profiles, whose pictures are any text."""

from common.http.deps import SignedIn
from common.http.etags import WithETag
from common.http.problems import problems
from common.http.routing import service_router
from common.pictures.errors import PictureNotFound
from users.deps import ReadProfiles, WriteProfiles
from users.routers.profiles import show, viewer_of
from users.schemas.profile import ConduitProfileUpdate, ProfileResponse
from users.services.errors import UserNotFound

router = service_router("/users/conduit", "conduit")


@router.patch("/me", responses=problems(UserNotFound, PictureNotFound))
async def edit_conduit_profile(
    update: ConduitProfileUpdate, caller: SignedIn, commands: WriteProfiles, profiles: ReadProfiles, answer: WithETag
) -> ProfileResponse:
    """Change the caller's profile, after reading the account's latest state from auth: it may just have changed."""
    await commands.edit_latest(caller.account_id, update.model_dump(exclude_unset=True))
    return show(await profiles.get(caller.account_id, viewer_of(caller)), answer)
