"""Signing in with a code that is sent by mail."""

from auth.deps import MAIL, SIGN_IN, CallingDevice, MailCodes
from auth.schemas.mail import AddressGiven
from auth.schemas.sign_in import CodeAsked, CodeGiven, SignInAnswer
from auth.services.mail_codes.errors import MailCodeNotValid, MailCodesOff
from auth.services.mail_codes.sign_in import LIFETIME
from common.http.access import public
from common.http.problems import problems
from common.http.rate_limits import Limits
from common.http.routing import SignInRoute, service_router

router = service_router("/auth/sign-in/mail-code", "sign-in", SignInRoute)


@router.post("", status_code=202, responses=problems(MailCodesOff))
@public
async def ask_for_mail_code(to: AddressGiven, codes: MailCodes, device: CallingDevice, limits: Limits) -> CodeAsked:
    """Mail a code to the address, if an account has it. The answer does not tell whether one has."""
    await limits.hit(MAIL)
    challenge = await codes.ask(to.email, device)
    return CodeAsked(challenge=challenge, expires_in=int(LIFETIME.total_seconds()))


@router.post("/confirm", responses=problems(MailCodesOff, MailCodeNotValid))
@public
async def sign_in_with_mail_code(
    given: CodeGiven, codes: MailCodes, device: CallingDevice, limits: Limits
) -> SignInAnswer:
    """Sign in with the mailed code, where it was asked for. It also verifies the address. Five tries for each code."""
    await limits.hit(SIGN_IN)
    return SignInAnswer.of(await codes.confirm(given.challenge, given.code, device))
