"""Sign-in of the site's own pages and apps. OAuth clients use `/auth/token`."""

from fastapi import Request

from auth.deps import PROVIDER, SIGN_IN, CallingDevice, MailCodes, SignIn
from auth.schemas.provider import ProviderCode
from auth.schemas.sign_in import (
    NewSession,
    PasswordSignIn,
    SecondStepSignIn,
    SignInAnswer,
    StepUpProof,
    WaysToSignIn,
)
from auth.schemas.token import TokenResponse
from auth.services import errors
from auth.services.passwords.hashing import TooBusy
from auth.services.providers.errors import ProviderCodeNotValid
from auth.services.second_factor.errors import ChallengeNotValid, ProofMissing, SecondFactorOff, WrongCode
from auth.wiring.providers import FlowCookie, ProviderArrivals
from auth.wiring.second_factor import SecondSteps, StepUps
from common.http.access import public
from common.http.deps import SignedIn
from common.http.problems import problems
from common.http.rate_limits import Limits
from common.http.routing import SignInRoute, service_router

router = service_router("/auth/sign-in", "sign-in", SignInRoute)


@router.get("")
@public
async def list_ways_to_sign_in(codes: MailCodes) -> WaysToSignIn:
    """Say which ways the sign-in page offers beside passkeys and providers (`/auth/providers`)."""
    return WaysToSignIn(methods=["password", "mail-code"] if codes.is_on else ["password"])


@router.post("", responses=problems(errors.WrongCredentials, errors.SignInThrottled, errors.SignInClosed, TooBusy))
@public
async def sign_in_with_password(
    credentials: PasswordSignIn, sign_in: SignIn, device: CallingDevice, limits: Limits
) -> SignInAnswer:
    """Sign in with a password. With a second factor, the answer is a challenge instead of tokens."""
    await limits.hit(SIGN_IN)
    try:
        done = await sign_in.first_step(credentials.email, credentials.password, device, credentials.trusted_device)
    except errors.InvalidGrant as refusal:
        raise errors.WrongCredentials(str(refusal)) from refusal
    return SignInAnswer.of(done)


@router.post(
    "/second-factor",
    responses=problems(ChallengeNotValid, WrongCode, errors.SignInThrottled, errors.SignInClosed),
)
@public
async def sign_in_with_second_factor(
    second: SecondStepSignIn, second_step: SecondSteps, device: CallingDevice, limits: Limits
) -> NewSession:
    """Complete a sign-in with a code of the authenticator, or with a recovery code.

    A challenge has five tries in five minutes. Each code works once.
    """
    await limits.hit(SIGN_IN)
    done = await second_step.complete(second.challenge, second.proof, device, trust_device=second.trust_device)
    signed_in = NewSession.model_validate(done.tokens)
    return signed_in.model_copy(update={"trusted_device": done.trusted_device})


@router.post(
    "/step-up",
    response_model_exclude_none=True,
    responses=problems(
        ProofMissing,
        SecondFactorOff,
        WrongCode,
        errors.WrongPassword,
        errors.SignInThrottled,
        errors.SignInClosed,
        errors.AccountNotFound,
        TooBusy,
    ),
)
async def step_up_session(
    proven: StepUpProof, caller: SignedIn, step_up: StepUps, device: CallingDevice, limits: Limits
) -> TokenResponse:
    """Prove again who you are, in this session: after `insufficient-user-authentication` (RFC 9470).

    With a code or a recovery code if the account has a second factor, else with the password. Answers another access
    token, which says so; the refresh token stays.
    """
    await limits.hit(SIGN_IN)
    who = (caller.account_id, caller.session_id)
    return TokenResponse.model_validate(await step_up.prove(*who, proven.password, proven.proof, device))


@router.post("/provider", responses=problems(ProviderCodeNotValid))
@public
async def sign_in_with_provider(
    given: ProviderCode,
    request: Request,
    arrivals: ProviderArrivals,
    cookie: FlowCookie,
    device: CallingDevice,
    limits: Limits,
) -> SignInAnswer:
    """Redeem the code with which a provider's sign-in returned to the page, within a minute and in the same browser."""
    await limits.hit(PROVIDER)
    return SignInAnswer.of(await arrivals.redeem(given.code, cookie.read(request) or "", device))
