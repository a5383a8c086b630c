"""Profiles: the caller's own and others'."""

from typing import Annotated

from fastapi import Query, Response

from common.db.reading import SearchTooSlow
from common.errors import InvalidInput
from common.http.concurrency_limits import SearchLimit, SearchUnderWay
from common.http.cursors import BadCursor
from common.http.deps import MaybeSignedIn, SignedIn
from common.http.etags import IfMatch, WithETag, set_etag
from common.http.paging import PageResponse, Paging
from common.http.problems import problems
from common.http.routing import service_router
from common.pictures.errors import PictureNotFound
from common.schemas import Id
from common.tokens.claims import Principal
from users.deps import ReadProfiles, WriteProfiles
from users.schemas.ids import BadIds, BadUsernames, id_list, username_list
from users.schemas.profile import NameQuery, ProfileResponse, ProfileUpdate
from users.services.errors import UserNotFound
from users.services.records import Profile, Viewer

router = service_router("/users", "users")


class IdsOrQuery(InvalidInput):
    """The request must have one of `ids`, `usernames` and `q`."""

    code = "ids-or-query"


@router.get("", responses=problems(BadIds, BadUsernames, BadCursor, IdsOrQuery, SearchUnderWay, SearchTooSlow))
async def list_users(
    caller: MaybeSignedIn,
    profiles: ReadProfiles,
    page: Paging,
    limit: SearchLimit,
    ids: Annotated[
        str | None, Query(max_length=2000, description="Up to 100 ids, separated by commas.", examples=["41,42"])
    ] = None,
    usernames: Annotated[
        str | None, Query(max_length=4200, description="Up to 100 usernames, or ~ID.", examples=["ada,~42"])
    ] = None,
    q: Annotated[
        NameQuery | None,
        Query(
            description="Parts of a name, with a letter or digit; less than three are the beginning of a word "
            "(in Chinese, Japanese and Thai any part).",
            examples=["ada"],
        ),
    ] = None,
) -> PageResponse[ProfileResponse]:
    """List people by `ids`, by `usernames` or by name.

    By `ids` or `usernames`: in their order and on one page; unknown ones are left out. By `q`: people whose names have
    all of its words, regardless of case and accents, most followers first. Like all lists with a live order, it may
    repeat or miss a person whose place changes between two pages. A caller may run one search at a time. The next one
    waits for half a second, and is then refused with 429.
    """
    viewer = viewer_of(caller)
    if [ids, usernames, q].count(None) != 2:
        raise IdsOrQuery("Give one of ids, usernames and q.")
    if ids is not None or usernames is not None:
        batch = await (
            profiles.batch(id_list(ids), viewer)
            if ids is not None
            else profiles.by_username(username_list(usernames or ""), viewer)
        )
        return PageResponse(items=[ProfileResponse.model_validate(profile) for profile in batch], next_cursor=None)
    after = page.after_pair("people")
    async with limit.slot():
        found = await profiles.search(q or "", viewer, page.limit, after)
    return page.answer(found, "people", lambda profile: (profile.followers_count, profile.id), ProfileResponse)


@router.get("/me", responses=problems(UserNotFound))
async def get_own_profile(caller: SignedIn, profiles: ReadProfiles, answer: WithETag) -> ProfileResponse:
    """Get the caller's profile. It exists right after sign-up."""
    return show(await profiles.get(caller.account_id, viewer_of(caller)), answer)


@router.patch("/me", responses=problems(UserNotFound, PictureNotFound))
async def edit_own_profile(
    update: ProfileUpdate,
    caller: SignedIn,
    commands: WriteProfiles,
    profiles: ReadProfiles,
    expected: IfMatch,
    answer: WithETag,
) -> ProfileResponse:
    """Change some fields of the caller's profile."""
    await commands.edit(caller.account_id, update.model_dump(exclude_unset=True), expected)
    return show(await profiles.get(caller.account_id, viewer_of(caller)), answer)


@router.get("/{user_id}", responses=problems(UserNotFound))
async def get_user(user_id: Id, caller: MaybeSignedIn, profiles: ReadProfiles, answer: WithETag) -> ProfileResponse:
    """Get a person's profile."""
    return show(await profiles.get(user_id, viewer_of(caller)), answer)


def viewer_of(caller: Principal | None) -> Viewer:
    return Viewer(caller.account_id, caller.roles) if caller else Viewer()


def show(profile: Profile, answer: Response) -> ProfileResponse:
    set_etag(answer, profile.version)
    return ProfileResponse.model_validate(profile)
