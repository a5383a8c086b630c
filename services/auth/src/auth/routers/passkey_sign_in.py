"""Signing in with a passkey."""

from auth.deps import SIGN_IN, CallingDevice
from auth.schemas.passkey import PasskeyRequest, PasskeySignInBody, as_answer
from auth.schemas.sign_in import SignedIn
from auth.services import errors
from auth.services.passkeys.errors import SecondFactorNeeded
from auth.wiring.passkeys import SignInByPasskey
from common.http.access import public
from common.http.problems import problems
from common.http.rate_limits import Limits
from common.http.routing import SignInRoute, service_router

router = service_router("/auth/sign-in/passkey", "sign-in", SignInRoute)


@router.post("/options")
@public
async def begin_passkey_sign_in(sign_in: SignInByPasskey) -> PasskeyRequest:
    """Get what the browser needs to ask for a passkey. No name is needed."""
    return PasskeyRequest.model_validate(sign_in.options())


@router.post("", responses=problems(errors.WrongCredentials, SecondFactorNeeded))
@public
async def sign_in_with_passkey(
    body: PasskeySignInBody, sign_in: SignInByPasskey, device: CallingDevice, limits: Limits
) -> SignedIn:
    """Sign in with a passkey. Every refusal is the same, whatever the reason."""
    limits.hit(SIGN_IN)
    return SignedIn.model_validate(await sign_in.with_answer(as_answer(body.credential), device))
