"""The caller's own password."""

from auth.deps import SIGN_IN, CallingDevice, ChangePassword
from auth.schemas.account import PasswordChange
from auth.services.errors import AccountNotFound, SignInClosed, SignInThrottled, WeakPassword, WrongPassword
from auth.services.passwords import TooBusy
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
    """Change the caller's password. Ends all other sessions; wrong current passwords count like failed sign-ins."""
    await limits.hit(SIGN_IN)
    current, new = change.current_password, change.new_password
    await own_password.change(caller.account_id, caller.session_id, current, new, device)
