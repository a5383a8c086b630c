"""The caller's passkeys."""

from fastapi import Response

from auth.deps import CallingDevice
from auth.schemas import passkey as schemas
from auth.services import errors
from auth.services.passkeys import errors as refusals
from auth.wiring.passkeys import ChangePasskeys, ReadPasskeys
from auth.wiring.second_factor import FromTheSite
from common.errors import InsufficientUserAuthentication
from common.http.deps import SignedIn
from common.http.problems import problems
from common.http.routing import SmallBodyRoute, service_router
from common.schemas import Id

router = service_router("/auth/passkeys", "passkeys", SmallBodyRoute)


@router.get("")
async def list_passkeys(caller: SignedIn, passkeys: ReadPasskeys) -> schemas.PasskeyList:
    """List the caller's passkeys, the newest first."""
    found = await passkeys.all(caller.account_id)
    return schemas.PasskeyList.model_validate({"items": found})


@router.post(
    "/options",
    responses=problems(
        errors.NotThisClient, InsufficientUserAuthentication, refusals.TooManyPasskeys, errors.AccountNotFound
    ),
)
async def begin_passkey(caller: FromTheSite, passkeys: ChangePasskeys) -> schemas.PasskeyCreation:
    """Get what the browser needs to make a passkey. Needs a recent proof of who it is."""
    options = await passkeys.options(caller.account_id, caller.session_id)
    return schemas.PasskeyCreation.model_validate(options)


@router.post(
    "",
    status_code=201,
    responses=problems(
        errors.NotThisClient,
        InsufficientUserAuthentication,
        refusals.TooManyPasskeys,
        refusals.PasskeyNotValid,
        refusals.PasskeyTaken,
        errors.AccountNotFound,
    ),
)
async def add_passkey(
    new: schemas.PasskeyCreate, caller: FromTheSite, passkeys: ChangePasskeys, device: CallingDevice, response: Response
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
        errors.NotThisClient,
        InsufficientUserAuthentication,
        refusals.PasskeyNotFound,
        errors.LastWayIn,
        errors.AccountNotFound,
    ),
)
async def remove_passkey(passkey_id: Id, caller: FromTheSite, passkeys: ChangePasskeys, device: CallingDevice) -> None:
    """Remove a passkey. Needs a recent proof of who it is; the owner gets a mail."""
    await passkeys.remove(caller.account_id, caller.session_id, passkey_id, device)
