"""Actions that need a mail: verifying an address, resetting a password, changing an address.

A request answers 202 whether or not there is an account, and whether or not its mail limit is reached (S-08). The
exception is a caller who is signed in and asks for their own account. Links lead to `APP_URL/#<purpose>=<token>`. The
page there sends the token only when a button is pressed: mail scanners load pages too.
"""

from typing import Final

from fastapi import Response

from auth.deps import MAIL, SIGN_IN, CallingDevice, ChangeEmail, ResetPassword, VerifyEmail
from auth.schemas.mail import AddressGiven, LinkOpened, NewAddress, PasswordChosen
from auth.services import errors
from auth.services.passwords.hashing import TooBusy
from auth.services.second_factor.errors import ProofMissing
from auth.wiring.second_factor import Proven
from common.errors import InsufficientUserAuthentication
from common.http.access import public
from common.http.deps import MaybeSignedIn
from common.http.problems import problems
from common.http.rate_limits import Limits
from common.http.routing import SmallBodyRoute, service_router

router = service_router("/auth", "auth", SmallBodyRoute)

ACCEPTED: Final = 202


@router.post(
    "/verify-email",
    status_code=ACCEPTED,
    response_class=Response,
    responses=problems(errors.TooManyMails, errors.EmailAlreadyVerified),
)
async def ask_to_verify_email(
    given: AddressGiven, caller: MaybeSignedIn, verification: VerifyEmail, device: CallingDevice, limits: Limits
) -> Response:
    """Mail a link that verifies the address, if an account has it. Signing up does this as well.

    If no mail is sent, a caller who is signed in as that account gets the reason.
    """
    await limits.hit(MAIL)
    await verification.ask(given.email, device.ip, caller.account_id if caller else None)
    return Response(status_code=ACCEPTED)


@router.post("/verify-email/confirm", status_code=204, responses=problems(errors.LinkNotValid))
@public
async def verify_email(opened: LinkOpened, verification: VerifyEmail, device: CallingDevice) -> None:
    """Verify the address of an account. The same link again is 204 and changes nothing."""
    await verification.confirm(opened.token, device.ip)


@router.post("/password-reset", status_code=ACCEPTED, response_class=Response)
@public
async def ask_to_reset_password(
    given: AddressGiven, reset: ResetPassword, device: CallingDevice, limits: Limits
) -> Response:
    """Mail a link for choosing a new password, if an account has the address."""
    await limits.hit(MAIL)
    await reset.ask(given.email, device.ip)
    return Response(status_code=ACCEPTED)


@router.post(
    "/password-reset/confirm", status_code=204, responses=problems(errors.LinkNotValid, errors.WeakPassword, TooBusy)
)
@public
async def reset_password(chosen: PasswordChosen, reset: ResetPassword, device: CallingDevice) -> None:
    """Choose a new password. All devices are signed out, and other links to the account stop working."""
    await reset.confirm(chosen.token, chosen.new_password, device)


@router.post(
    "/email",
    status_code=ACCEPTED,
    response_class=Response,
    responses=problems(
        InsufficientUserAuthentication,
        errors.NotThisClient,
        errors.SpecialUseDomain,
        errors.AddressNeedsUtf8,
        ProofMissing,
        errors.WrongPassword,
        errors.SignInThrottled,
        errors.SignInClosed,
        errors.TooManyMails,
        errors.AccountNotFound,
        TooBusy,
    ),
)
async def ask_to_change_email(
    new: NewAddress, caller: Proven, change: ChangeEmail, device: CallingDevice, limits: Limits
) -> Response:
    """Mail a link to the new address, and notify the old one. Nothing changes until the link is opened.

    An earlier link stops working, whatever the answer. An account without a password leaves it out; its session must
    have proven within ten minutes who its owner is.
    """
    await limits.hit(SIGN_IN)  # a password can be guessed here
    await limits.hit(MAIL)
    await change.ask(caller, new.email, new.password, device)
    return Response(status_code=ACCEPTED)


@router.post("/email/confirm", status_code=204, responses=problems(errors.LinkNotValid, errors.EmailTaken))
@public
async def change_email(opened: LinkOpened, change: ChangeEmail, device: CallingDevice) -> None:
    """Change the address. Devices stay signed in. The same link again is 204 and changes nothing."""
    await change.confirm(opened.token, device)
