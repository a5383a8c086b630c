"""For admins: how somebody signs in, where they are signed in, and the end of both."""

from fastapi import Response

from auth.deps import (
    Administrator,
    CallingDevice,
    ManageAccounts,
    ProvenAdministrator,
    ReadAccounts,
    Sessions,
    SupportPeople,
)
from auth.routers.sessions import place, where
from auth.schemas.session import AccountSessionResponse
from auth.schemas.support import AccountDeletionByAdmin, SignInMethodsResponse, SignOut
from auth.services.administration.management import Manager
from auth.services.errors import AccountNotFound, NotAnAdmin, NotThisClient, OwnAccount, SessionNotFound, StillAdmin
from common.errors import InsufficientUserAuthentication
from common.http.cursors import BadCursor
from common.http.paging import PageResponse, Paging
from common.http.problems import problems
from common.http.routing import SmallBodyRoute, service_router
from common.schemas import Id

router = service_router("/auth/accounts/{account_id}", "support", SmallBodyRoute)

KIND = "sessions"


@router.get("/sign-in-methods", responses=problems(AccountNotFound))
async def list_sign_in_methods(account_id: Id, caller: Administrator, support: SupportPeople) -> SignInMethodsResponse:
    """Get what an account signs in with: password, second factor, passkeys, identities at providers, API keys."""
    return SignInMethodsResponse.model_validate(await support.sign_in_methods(account_id))


@router.get("/sessions", responses=problems(BadCursor, AccountNotFound))
async def list_account_sessions(
    account_id: Id, caller: Administrator, accounts: ReadAccounts, sessions: Sessions, page: Paging
) -> PageResponse[AccountSessionResponse]:
    """List where an account is signed in, the latest sign-in first."""
    await accounts.get(account_id)
    found = await sessions.page(account_id, page.limit, place(page))
    return page.answer(found, KIND, where, AccountSessionResponse)


@router.post("/sign-out", status_code=204, responses=problems(NotAnAdmin, AccountNotFound, SessionNotFound))
async def sign_somebody_out(
    account_id: Id, ending: SignOut, caller: Administrator, management: ManageAccounts, device: CallingDevice
) -> None:
    """End one session of an account, or all of them with its API keys. Tokens are refused everywhere within seconds."""
    by = Manager(caller.account_id, device.ip, ending.reason)
    if ending.session_id is None:
        await management.sign_out_everywhere(account_id, by)
    else:
        await management.end_session(account_id, ending.session_id, by)


@router.post(
    "/deletion",
    status_code=202,
    response_class=Response,
    responses=problems(
        InsufficientUserAuthentication, NotAnAdmin, AccountNotFound, OwnAccount, NotThisClient, StillAdmin
    ),
)
async def delete_somebodys_account(
    account_id: Id,
    deletion: AccountDeletionByAdmin,
    caller: ProvenAdministrator,
    management: ManageAccounts,
    device: CallingDevice,
) -> Response:
    """Delete somebody else's account, over all services, as if they had asked for it. They are told by mail.

    It cannot be undone. A repetition changes nothing. The admin's session must have proven within ten minutes who its
    owner is.
    """
    await management.delete(account_id, Manager(caller.account_id, device.ip, deletion.reason))
    return Response(status_code=202)
