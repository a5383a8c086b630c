"""The caller's own second factor: authenticator app, recovery codes, trusted devices."""

from uuid import UUID

from auth.deps import SIGN_IN, CallingDevice
from auth.schemas.second_factor import (
    FactorOff,
    FirstCode,
    NewFactorResponse,
    RecoveryCodesResponse,
    SecondFactorResponse,
    TrustedDeviceResponse,
    TrustedDevicesResponse,
)
from auth.services.errors import AccountNotFound, NotThisClient, SignInClosed, SignInThrottled, WrongPassword
from auth.services.passwords.hashing import TooBusy
from auth.services.second_factor import errors
from auth.wiring.second_factor import FromTheSite, JustProven, OwnFactors
from common.errors import InsufficientUserAuthentication
from common.http.deps import SignedIn
from common.http.problems import problems
from common.http.rate_limits import Limits
from common.http.routing import SmallBodyRoute, service_router

router = service_router("/auth/second-factor", "second-factor", SmallBodyRoute)


@router.get("")
async def get_second_factor(caller: SignedIn, factors: OwnFactors) -> SecondFactorResponse:
    """Tell whether the caller has a second factor."""
    return SecondFactorResponse.model_validate(await factors.status(caller.account_id))


@router.post(
    "/totp",
    responses=problems(NotThisClient, InsufficientUserAuthentication, errors.SecondFactorOn, AccountNotFound),
)
async def set_up_authenticator(caller: JustProven, factors: OwnFactors) -> NewFactorResponse:
    """Get the secret of a new authenticator. It counts after `…/confirm`; another call replaces it.

    The session must have proven within ten minutes who its owner is.
    """
    return NewFactorResponse.model_validate(await factors.begin(caller.account_id))


@router.post(
    "/totp/confirm",
    responses=problems(
        errors.WrongCode, errors.NothingToConfirm, errors.SecondFactorOn, AccountNotFound, NotThisClient
    ),
)
async def confirm_authenticator(
    first: FirstCode, caller: FromTheSite, factors: OwnFactors, device: CallingDevice, limits: Limits
) -> RecoveryCodesResponse:
    """Turn the second factor on with its first code. Ends all other sessions; answers the recovery codes, once."""
    await limits.hit(SIGN_IN)
    codes = await factors.confirm(caller.account_id, caller.session_id, first.code, device)
    return RecoveryCodesResponse(recovery_codes=codes)


@router.post(
    "/recovery-codes",
    responses=problems(NotThisClient, InsufficientUserAuthentication, errors.SecondFactorOff, AccountNotFound),
)
async def make_recovery_codes(
    caller: JustProven, factors: OwnFactors, device: CallingDevice, limits: Limits
) -> RecoveryCodesResponse:
    """Replace the recovery codes. The session must have proven the second factor within ten minutes."""
    await limits.hit(SIGN_IN)
    return RecoveryCodesResponse(recovery_codes=await factors.make_recovery_codes(caller.account_id, device))


@router.post(
    "/off",
    status_code=204,
    responses=problems(
        InsufficientUserAuthentication,
        errors.ProofMissing,
        WrongPassword,
        errors.WrongCode,
        errors.SecondFactorOff,
        SignInThrottled,
        SignInClosed,
        AccountNotFound,
        NotThisClient,
        TooBusy,
    ),
)
async def turn_second_factor_off(
    off: FactorOff, caller: FromTheSite, factors: OwnFactors, device: CallingDevice, limits: Limits
) -> None:
    """Turn the second factor off, with the password and a code. Trusted devices and recovery codes are deleted.

    The code may be left out if the session has proven the second factor within ten minutes. An account without a
    password leaves that out, and needs such a session.
    """
    await limits.hit(SIGN_IN)  # a password can be guessed here
    await factors.turn_off(caller, off.password, off.proof, device)


@router.get("/devices")
async def list_trusted_devices(caller: SignedIn, factors: OwnFactors) -> TrustedDevicesResponse:
    """List the devices that sign in without the second factor, the latest first."""
    found = await factors.devices(caller.account_id)
    return TrustedDevicesResponse(items=[TrustedDeviceResponse.model_validate(one) for one in found])


@router.delete("/devices/{device_id}", status_code=204, responses=problems(errors.DeviceNotFound))
async def forget_trusted_device(device_id: UUID, caller: SignedIn, factors: OwnFactors, device: CallingDevice) -> None:
    """Trust a device no more: its next sign-in needs the second factor."""
    await factors.forget_device(caller.account_id, device_id, device)
