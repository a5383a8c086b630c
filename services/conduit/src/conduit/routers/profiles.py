"""Other people."""

from common.calls.service_client import PeerUnavailable
from common.http.deps import MaybeSignedIn, SignedIn
from common.http.problems import problems
from conduit.deps import Profiles
from conduit.routers.route import conduit_router
from conduit.schemas.user import ProfileAnswer
from conduit.services.errors import CallerThrottled, CannotFollowYourself, ProfileForbidden, ProfileNotFound
from conduit.services.records import Profile

router = conduit_router("/profiles", "conduit profiles")


@router.get("/{username}", responses=problems(ProfileNotFound, CallerThrottled, PeerUnavailable))
async def get_profile(username: str, caller: MaybeSignedIn, profiles: Profiles) -> ProfileAnswer:
    """Get a person's profile."""
    return shown(await profiles.get(username))


@router.post(
    "/{username}/follow",
    responses=problems(ProfileNotFound, ProfileForbidden, CannotFollowYourself, CallerThrottled, PeerUnavailable),
)
async def follow_profile(username: str, caller: SignedIn, profiles: Profiles) -> ProfileAnswer:
    """Follow somebody. A repetition changes nothing."""
    return shown(await profiles.follow(username))


@router.delete("/{username}/follow", responses=problems(ProfileNotFound, CallerThrottled, PeerUnavailable))
async def unfollow_profile(username: str, caller: SignedIn, profiles: Profiles) -> ProfileAnswer:
    """Stop following somebody. A repetition changes nothing."""
    return shown(await profiles.unfollow(username))


def shown(profile: Profile) -> ProfileAnswer:
    return ProfileAnswer.model_validate({"profile": profile})
