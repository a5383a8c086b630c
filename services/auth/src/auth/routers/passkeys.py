"""The caller's passkeys."""

from fastapi import Response

from auth.deps import SIGN_IN, CallingDevice
from auth.schemas import passkey as schemas
from auth.services import errors
from auth.services.passkeys import errors as refusals
from auth.services.passwords import TooBusy
from auth.wiring.passkeys import ChangePasskeys, ConfirmIdentity, ReadPasskeys
from common.http.deps import SignedIn
from common.http.problems import problems
from common.http.rate_limits import Limits
from common.http.routing import SmallBodyRoute, service_router
from common.schemas import Id

router = service_router("/auth/passkeys", "passkeys", SmallBodyRoute)


@router.get("")
async def list_passkeys(caller: SignedIn, passkeys: ReadPasskeys) -> schemas.PasskeyList:
    """List the caller's passkeys, the newest first."""
    found = await passkeys.all(caller.account_id)
    return schemas.PasskeyList.model_validate({"items": found})


@router.post(
    "/confirmation",
    status_code=204,
    responses=problems(
        errors.WrongPassword, errors.SignInThrottled, errors.SignInClosed, errors.AccountNotFound, TooBusy
    ),
)
async def confirm_by_password(
    given: schemas.PasswordConfirmation,
    caller: SignedIn,
    confirmation: ConfirmIdentity,
    device: CallingDevice,
    limits: Limits,
) -> None:
    """Confirm by the password who you are: for ten minutes this session may add and remove passkeys.

    A sign-in of the last ten minutes is as good.
    """
    limits.hit(SIGN_IN)  # a password can be guessed here
    await confirmation.by_password(caller.account_id, caller.session_id, given.password, device)


@router.post(
    "/options",
    responses=problems(refusals.ConfirmationNeeded, refusals.TooManyPasskeys, errors.AccountNotFound),
)
async def begin_passkey(caller: SignedIn, passkeys: ChangePasskeys, response: Response) -> schemas.PasskeyCreation:
    """Get what the browser needs to make a passkey. Needs a fresh confirmation."""
    response.headers["Cache-Control"] = "no-store"
    options = await passkeys.options(caller.account_id, caller.session_id)
    return schemas.PasskeyCreation.model_validate(options)


@router.post(
    "",
    status_code=201,
    responses=problems(
        refusals.ConfirmationNeeded,
        refusals.TooManyPasskeys,
        refusals.PasskeyNotValid,
        refusals.PasskeyTaken,
        errors.AccountNotFound,
    ),
)
async def add_passkey(
    new: schemas.PasskeyCreate, caller: SignedIn, passkeys: ChangePasskeys, device: CallingDevice, response: Response
) -> schemas.PasskeyResponse:
    """Add the passkey that the browser has made. The owner gets a mail."""
    answer = schemas.as_answer(new.credential)
    added = await passkeys.add(caller.account_id, caller.session_id, new.name, answer, device)
    response.headers["Location"] = f"/auth/passkeys/{added.id}"
    return schemas.PasskeyResponse.model_validate(added)


@router.patch("/{passkey_id}", responses=problems(refusals.PasskeyNotFound))
async def rename_passkey(
    passkey_id: Id, changes: schemas.PasskeyUpdate, caller: SignedIn, passkeys: ChangePasskeys
) -> schemas.PasskeyResponse:
    """Give a passkey another name."""
    renamed = await passkeys.rename(caller.account_id, passkey_id, changes.name)
    return schemas.PasskeyResponse.model_validate(renamed)


@router.delete(
    "/{passkey_id}",
    status_code=204,
    responses=problems(
        refusals.ConfirmationNeeded, refusals.PasskeyNotFound, refusals.LastWayIn, errors.AccountNotFound
    ),
)
async def remove_passkey(passkey_id: Id, caller: SignedIn, passkeys: ChangePasskeys, device: CallingDevice) -> None:
    """Remove a passkey. Needs a fresh confirmation; the owner gets a mail."""
    await passkeys.remove(caller.account_id, caller.session_id, passkey_id, device)
