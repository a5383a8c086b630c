"""Registration, and the caller's own account."""

from fastapi import Response

from auth.deps import (
    REGISTRATION,
    SIGN_IN,
    CallingDevice,
    ChooseLanguage,
    DeleteAccount,
    PreferredLocale,
    ReadAccounts,
    RegisterAccount,
)
from auth.schemas.account import AccountDeletion, AccountResponse, OwnAccountUpdate
from auth.services import errors
from auth.services.passwords.hashing import TooBusy
from auth.services.second_factor.errors import ProofMissing
from auth.wiring.second_factor import Proven
from common.contracts.accounts import UserCreate, UserResponse
from common.errors import InsufficientUserAuthentication
from common.http.access import for_keys, public
from common.http.deps import SignedIn
from common.http.problems import problems
from common.http.rate_limits import Limits
from common.http.routing import SmallBodyRoute, service_router

router = service_router("/auth", "auth", SmallBodyRoute)


@router.post(
    "/register",
    status_code=201,
    responses=problems(
        errors.EmailTaken, errors.WeakPassword, errors.SpecialUseDomain, errors.AddressNeedsUtf8, TooBusy
    ),
)
@public
async def register(
    user: UserCreate,
    registration: RegisterAccount,
    limits: Limits,
    device: CallingDevice,
    preferred: PreferredLocale,
    response: Response,
) -> UserResponse:
    """Open an account. Sign in with it at `/auth/token`; its profile is at `Location`.

    Mails are in the language `locale`, or else in the best one of `Accept-Language` that there are mails in.
    """
    await limits.hit(REGISTRATION)
    locale = user.locale or preferred
    account = await registration.register(user.email, user.password, user.name, locale=locale, ip=device.ip)
    response.headers["Location"] = f"/users/{account.id}"
    return UserResponse.model_validate(account)


@router.get("/me", responses=problems(errors.AccountNotFound))
@for_keys(True)
async def get_own_account(caller: SignedIn, accounts: ReadAccounts) -> AccountResponse:
    """Get the caller's account."""
    return AccountResponse.model_validate(await accounts.own(caller.account_id))


@router.patch("/me", responses=problems(errors.AccountNotFound))
async def change_own_account(
    update: OwnAccountUpdate, caller: SignedIn, language: ChooseLanguage, accounts: ReadAccounts, device: CallingDevice
) -> AccountResponse:
    """Change the language of mails to the caller. Mails that wait to be sent keep theirs."""
    if "locale" not in update.model_fields_set:
        return AccountResponse.model_validate(await accounts.own(caller.account_id))
    return AccountResponse.model_validate(await language.choose(caller.account_id, update.locale, device.ip))


@router.post(
    "/account/deletion",
    status_code=202,
    response_class=Response,
    responses=problems(
        InsufficientUserAuthentication,
        errors.NotThisClient,
        ProofMissing,
        errors.WrongPassword,
        errors.LastAdmin,
        errors.SignInThrottled,
        errors.SignInClosed,
        errors.AccountNotFound,
        TooBusy,
    ),
)
async def delete_own_account(
    deletion: AccountDeletion, caller: Proven, account: DeleteAccount, device: CallingDevice, limits: Limits
) -> Response:
    """Delete the caller's account for good, with all data that the services hold about it.

    An account without a password leaves it out. Its session must have proven within ten minutes who its owner is.

    All devices are signed out at once. Profile, posts and drafts are hidden within seconds and then removed, with
    likes, follows and blocks. Comments under others' posts stay, without an author. After that the address may be used
    for a new account.
    """
    await limits.hit(SIGN_IN)  # a password can be guessed here
    await account.ask(caller, deletion.password, device)
    return Response(status_code=202)
