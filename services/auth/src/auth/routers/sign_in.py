"""Sign-in of the site's own pages and apps. OAuth clients use `/auth/token`."""

from fastapi import Request

from auth.deps import PROVIDER, SIGN_IN, CallingDevice, SignIn
from auth.schemas.provider import ProviderCode
from auth.schemas.sign_in import PasswordSignIn, SignedIn
from auth.services import errors
from auth.services.passwords import TooBusy
from auth.services.providers.errors import CodeNotValid, SecondFactorNeeded
from auth.wiring.providers import FlowCookie, ProviderArrivals
from common.http.access import public
from common.http.problems import problems
from common.http.rate_limits import Limits
from common.http.routing import SignInRoute, service_router

router = service_router("/auth/sign-in", "sign-in", SignInRoute)


@router.post("", responses=problems(errors.WrongCredentials, errors.SignInThrottled, errors.SignInClosed, TooBusy))
@public
async def sign_in_with_password(
    credentials: PasswordSignIn, sign_in: SignIn, device: CallingDevice, limits: Limits
) -> SignedIn:
    """Sign in with a password."""
    limits.hit(SIGN_IN)
    try:
        tokens = await sign_in.with_password(credentials.email, credentials.password, device)
    except errors.InvalidGrant as refusal:
        raise errors.WrongCredentials(str(refusal)) from refusal
    return SignedIn.model_validate(tokens)


@router.post("/provider", responses=problems(CodeNotValid, SecondFactorNeeded))
@public
async def sign_in_with_provider(
    given: ProviderCode,
    request: Request,
    arrivals: ProviderArrivals,
    cookie: FlowCookie,
    device: CallingDevice,
    limits: Limits,
) -> SignedIn:
    """Redeem the code with which a provider's sign-in returned to the page, within a minute and in the same browser."""
    limits.hit(PROVIDER)
    return SignedIn.model_validate(await arrivals.redeem(given.code, cookie.read(request) or "", device))
