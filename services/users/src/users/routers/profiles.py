"""Profiles: one's own and others'."""

from fastapi import Response

from common.deps import MaybeSignedIn, SignedIn
from common.etags import IfMatch, Tagged, tag
from common.problems import refusals
from common.routing import service_router
from common.schemas import Id
from users.deps import EditProfile, ReadProfiles
from users.schemas.profile import ProfileResponse, ProfileUpdate
from users.services.errors import UserNotFound
from users.services.records import Profile

router = service_router("/users", "users")

MAY_SEE_EMAIL = "admin"


@router.get("/me", response_model=ProfileResponse, responses=refusals(UserNotFound))
async def get_own_profile(caller: SignedIn, profiles: ReadProfiles, answer: Tagged) -> ProfileResponse:
    """The caller's profile. It is there right after sign-up."""
    return show(await profiles.get(caller.account_id, caller.account_id), answer)


@router.patch("/me", response_model=ProfileResponse, responses=refusals(UserNotFound))
async def edit_own_profile(
    update: ProfileUpdate,
    caller: SignedIn,
    editor: EditProfile,
    profiles: ReadProfiles,
    expected: IfMatch,
    answer: Tagged,
) -> ProfileResponse:
    """Change some fields of the caller's profile."""
    await editor.edit(caller.account_id, update.model_dump(exclude_unset=True), expected)
    return show(await profiles.get(caller.account_id, caller.account_id), answer)


@router.get("/{user_id}", response_model=ProfileResponse, responses=refusals(UserNotFound))
async def get_user(user_id: Id, caller: MaybeSignedIn, profiles: ReadProfiles, answer: Tagged) -> ProfileResponse:
    """Anybody's profile."""
    viewer = caller.account_id if caller else None
    sees_email = caller is not None and MAY_SEE_EMAIL in caller.roles
    return show(await profiles.get(user_id, viewer, sees_email=sees_email), answer)


def show(profile: Profile, answer: Response) -> ProfileResponse:
    tag(answer, profile.version)
    return ProfileResponse.model_validate(profile)
