"""For the RealWorld API, with the setting CONDUIT only: lasting sessions, and changes without the current password."""

from auth.deps import (
    MAIL,
    REFRESH,
    REGISTRATION,
    SIGN_IN,
    CallingDevice,
    ConduitAccounts,
    ConduitRegistration,
    PreferredLocale,
    SignIn,
)
from auth.schemas.conduit import (
    ConduitAccount,
    ConduitChangesBody,
    ConduitSession,
    ConduitSignInBody,
    ConduitSignUpBody,
    LastingToken,
)
from auth.services import errors
from auth.services.passwords.hashing import TooBusy
from auth.services.sessions.opening import LASTING
from common.http.access import public
from common.http.deps import SignedIn
from common.http.problems import problems
from common.http.rate_limits import Limits
from common.http.routing import SmallBodyRoute, service_router


class LastingRoute(SmallBodyRoute):
    """Its answers hold tokens, so none is kept."""

    keeps_answers = False


router = service_router("/auth/conduit", "conduit", LastingRoute)


@router.post(
    "/accounts",
    status_code=201,
    responses=problems(
        errors.EmailTaken,
        errors.UsernameTaken,
        errors.WeakPassword,
        errors.SpecialUseDomain,
        errors.AddressNeedsUtf8,
        TooBusy,
    ),
)
@public
async def open_conduit_account(
    new: ConduitSignUpBody,
    registration: ConduitRegistration,
    limits: Limits,
    device: CallingDevice,
    preferred: PreferredLocale,
) -> ConduitSession:
    """Open an account, and sign in."""
    await limits.hit(REGISTRATION)
    opened = await registration.register(new.email, new.password, new.username, device, preferred)
    return ConduitSession.model_validate(opened)


@router.post("/sessions", responses=problems(errors.InvalidGrant, errors.SignInThrottled, errors.SignInClosed, TooBusy))
@public
async def open_conduit_session(
    credentials: ConduitSignInBody, sign_in: SignIn, limits: Limits, device: CallingDevice
) -> ConduitSession:
    """Sign in with a password."""
    await limits.hit(SIGN_IN)
    return ConduitSession.model_validate(
        await sign_in.with_password(credentials.email, credentials.password, device, LASTING)
    )


@router.post("/renewals", responses=problems(errors.InvalidGrant))
@public
async def renew_conduit_session(
    lasting: LastingToken, sign_in: SignIn, limits: Limits, device: CallingDevice
) -> ConduitSession:
    """Get an access token for a session's token."""
    await limits.hit(REFRESH)
    return ConduitSession.model_validate(await sign_in.with_lasting_token(lasting.token, device))


@router.patch(
    "/account",
    responses=problems(
        errors.NotThisClient,
        errors.UsernameNeeded,
        errors.EmailTaken,
        errors.UsernameTaken,
        errors.WeakPassword,
        errors.SpecialUseDomain,
        errors.AddressNeedsUtf8,
        errors.TooManyMails,
        TooBusy,
    ),
)
async def change_conduit_account(
    changes: ConduitChangesBody, caller: SignedIn, account: ConduitAccounts, limits: Limits, device: CallingDevice
) -> ConduitAccount:
    """Change the caller's address, username and password; only with a token of a lasting session."""
    if caller.client_id != LASTING:
        raise errors.NotThisClient("Only sessions of the RealWorld API may do this.")
    given = changes.model_dump(exclude_unset=True)
    if "password" in given:
        await limits.hit(SIGN_IN)  # a hash takes as long as a sign-in
    if given.keys() & {"email", "username"}:
        await limits.hit(MAIL)
    changed = await account.change(caller.account_id, caller.session_id, device, **given)
    return ConduitAccount.model_validate(changed)
