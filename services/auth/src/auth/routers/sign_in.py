"""Sign-in of the site's own pages and apps. OAuth clients use `/auth/token`."""

from auth.deps import SIGN_IN, CallingDevice, MailCodes, SignIn
from auth.schemas.sign_in import PasswordSignIn, SignedIn, WaysToSignIn
from auth.services import errors
from auth.services.passwords import TooBusy
from common.http.access import public
from common.http.problems import problems
from common.http.rate_limits import Limits
from common.http.routing import SignInRoute, service_router

router = service_router("/auth/sign-in", "sign-in", SignInRoute)


@router.get("")
@public
async def list_ways_to_sign_in(codes: MailCodes) -> WaysToSignIn:
    """List how people sign in at this site."""
    return WaysToSignIn(methods=["password", "mail-code"] if codes.is_on else ["password"])


@router.post("", responses=problems(errors.WrongCredentials, errors.SignInThrottled, errors.SignInClosed, TooBusy))
@public
async def sign_in_with_password(
    credentials: PasswordSignIn, sign_in: SignIn, device: CallingDevice, limits: Limits
) -> SignedIn:
    """Sign in with a password."""
    await limits.hit(SIGN_IN)
    try:
        tokens = await sign_in.with_password(credentials.email, credentials.password, device)
    except errors.InvalidGrant as refusal:
        raise errors.WrongCredentials(str(refusal)) from refusal
    return SignedIn.model_validate(tokens)
