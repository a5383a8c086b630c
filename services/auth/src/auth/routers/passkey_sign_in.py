"""Signing in with a passkey."""

from auth.deps import SIGN_IN, CallingDevice
from auth.schemas.passkey import PasskeyRequest, PasskeySignInBody, as_answer
from auth.schemas.sign_in import SignInAnswer
from auth.services import errors
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


@router.post("", responses=problems(errors.WrongCredentials))
@public
async def sign_in_with_passkey(
    body: PasskeySignInBody, sign_in: SignInByPasskey, device: CallingDevice, limits: Limits
) -> SignInAnswer:
    """Sign in with a passkey. Every refusal is the same, whatever the reason."""
    await limits.hit(SIGN_IN)
    return SignInAnswer.of(await sign_in.with_answer(as_answer(body.credential), device))
