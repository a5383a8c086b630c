"""Sign-up, sign-in, and the caller's own account."""

from common.calls.service_client import PeerUnavailable
from common.http.access import public
from common.http.deps import SignedIn
from common.http.problems import problems
from conduit.deps import Newcomers, Token, Users
from conduit.routers.route import conduit_router
from conduit.schemas.user import CredentialsBody, NewUserBody, UserAnswer, UserChangesBody
from conduit.services.errors import (
    CallerThrottled,
    CredentialsInvalid,
    EmailTaken,
    FieldsRefused,
    UsernameNeeded,
    UsernameTaken,
)
from conduit.services.records import User

router = conduit_router("", "conduit users")


@router.post(
    "/users",
    status_code=201,
    responses=problems(EmailTaken, UsernameTaken, FieldsRefused, CallerThrottled, PeerUnavailable),
)
@public
async def sign_up(body: NewUserBody, users: Newcomers) -> UserAnswer:
    """Open an account, and sign in."""
    new = body.user
    return shown(await users.sign_up(new.email, new.password, new.username))


@router.post("/users/login", responses=problems(CredentialsInvalid, CallerThrottled, PeerUnavailable))
@public
async def log_in(body: CredentialsBody, users: Newcomers) -> UserAnswer:
    """Sign in."""
    return shown(await users.sign_in(body.user.email, body.user.password))


@router.get("/user", responses=problems(CallerThrottled, PeerUnavailable))
async def get_current_user(caller: SignedIn, users: Users, token: Token) -> UserAnswer:
    """Get the caller's account."""
    return shown(await users.current(token or ""))


@router.put(
    "/user",
    responses=problems(UsernameNeeded, EmailTaken, UsernameTaken, FieldsRefused, CallerThrottled, PeerUnavailable),
)
async def update_user(body: UserChangesBody, caller: SignedIn, users: Users, token: Token) -> UserAnswer:
    """Change some fields of the caller's account. Another password signs all other devices out."""
    return shown(await users.update(token or "", body.user.model_dump(exclude_unset=True)))


def shown(user: User) -> UserAnswer:
    return UserAnswer.model_validate({"user": user})
