"""Sign-up and one's own account."""

from fastapi import Response

from auth.deps import REGISTRATION, Accounts, CallingDevice, Registering
from auth.schemas.account import AccountResponse
from auth.services.errors import AccountNotFound, EmailTaken, WeakPassword
from auth.services.passwords import TooBusy
from common.access import public
from common.deps import SignedIn
from common.problems import refusals
from common.rate_limits import Limits
from common.routing import SmallBodyRoute, service_router
from common.schemas import UserCreate, UserResponse

router = service_router("/auth", "auth", SmallBodyRoute)


@router.post(
    "/register", status_code=201, response_model=UserResponse, responses=refusals(EmailTaken, WeakPassword, TooBusy)
)
@public
async def register(
    user: UserCreate, registration: Registering, limits: Limits, device: CallingDevice, response: Response
) -> UserResponse:
    """Open an account. Sign in with it at `/auth/token`; its profile is at `Location`."""
    limits.hit(REGISTRATION)
    account = await registration.register(user.email, user.password, user.name, ip=device.ip)
    response.headers["Location"] = f"/users/{account.id}"
    return UserResponse.model_validate(account)


@router.get("/me", response_model=AccountResponse, responses=refusals(AccountNotFound))
async def get_own_account(caller: SignedIn, accounts: Accounts) -> AccountResponse:
    """The caller's account."""
    return AccountResponse.model_validate(await accounts.get(caller.account_id))
