"""The caller's own password."""

from auth.deps import SIGN_IN, CallingDevice, ChangePassword
from auth.schemas.account import PasswordChange
from auth.services.errors import (
    AccountNotFound,
    NotThisClient,
    SignInClosed,
    SignInThrottled,
    WeakPassword,
    WrongPassword,
)
from auth.services.passwords.hashing import TooBusy
from auth.services.second_factor.errors import ProofMissing
from auth.wiring.second_factor import Proven
from common.errors import InsufficientUserAuthentication
from common.http.problems import problems
from common.http.rate_limits import Limits
from common.http.routing import SmallBodyRoute, service_router

router = service_router("/auth", "auth", SmallBodyRoute)


@router.post(
    "/password",
    status_code=204,
    responses=problems(
        InsufficientUserAuthentication,
        NotThisClient,
        ProofMissing,
        WrongPassword,
        WeakPassword,
        SignInThrottled,
        SignInClosed,
        AccountNotFound,
        TooBusy,
    ),
)
async def change_password(
    change: PasswordChange, caller: Proven, own_password: ChangePassword, device: CallingDevice, limits: Limits
) -> None:
    """Change the caller's password. Ends all other sessions; wrong current passwords count like failed sign-ins.

    An account without a password gets its first one. The session must then have proven within ten minutes who its owner
    is.
    """
    await limits.hit(SIGN_IN)
    await own_password.change(caller, change.current_password, change.new_password, device)
