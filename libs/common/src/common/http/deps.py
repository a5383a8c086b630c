"""What routes of every service depend on. These aliases are the vocabulary of their signatures."""

from typing import Annotated, Final

from fastapi import Depends, Request
from fastapi.openapi.models import OAuthFlowPassword, OAuthFlows
from fastapi.security import OAuth2, OAuth2PasswordBearer
from sqlalchemy.ext.asyncio import AsyncSession

from common.db.database import ReadSession as Reads
from common.db.database import get_db, get_read_session
from common.errors import Forbidden, Unauthenticated
from common.tokens.verifier import SERVICE_SCOPE, USER_SCOPE, InvalidToken, Principal, TokenVerifier

ONE_TOKEN: Final = "The Authorization header must hold one bearer token."  # noqa: S105  # a message
TOKEN_URL: Final = "/auth/token"  # noqa: S105  # an address

DbSession = Annotated[AsyncSession, Depends(get_db, scope="function")]
"""One transaction per request. The scope puts the commit before the reply; ask for it through this alias only."""

ReadSession = Annotated[Reads, Depends(get_read_session)]


class SignInRequired(Unauthenticated):
    """No bearer token came with the request."""

    code = "sign-in-required"


class NotForThisCaller(Forbidden):
    """The token is good, but not of the kind that may do this."""

    code = "not-for-this-caller"


def bearer_token(request: Request) -> str | None:
    """The token of the `Authorization` header, which is the only place it is read from (S-18).

    Raises:
        SignInRequired: another scheme, or nothing behind it: no bearer token came (RFC 6750, section 3.1).
        InvalidToken: beside a bearer token there is another such header.
    """
    values = request.headers.getlist("authorization")
    if not values:
        return None
    parts = [value.partition(" ") for value in values]
    tokens = [token for scheme, _, token in parts if scheme.lower() == "bearer" and token]
    if not tokens:
        raise SignInRequired(ONE_TOKEN)
    if len(values) > 1:
        raise InvalidToken(ONE_TOKEN)
    return tokens[0]


async def authenticate(request: Request) -> Principal | None:
    token = bearer_token(request)
    if token is None:
        return None
    verifier: TokenVerifier = request.app.state.verifier
    principal = await verifier.verify(token)
    state = request.scope.setdefault("state", {})  # for the log
    if principal.scope == USER_SCOPE:
        state["account"] = principal.account_id
    else:
        state["caller"] = principal.subject
    return principal


class CurrentUser(OAuth2PasswordBearer):
    """Scheme and check in one dependency, which costs a request half of what two would."""

    async def __call__(self, request: Request) -> Principal:  # type: ignore[override]  # more than the bare token
        principal = await authenticate(request)
        if principal is None:
            raise SignInRequired("Sign in to do this.")
        if principal.scope != USER_SCOPE:
            raise NotForThisCaller("This is for people who signed in.")
        return principal


class WithRole(CurrentUser):
    """For people who have been given a role, as their token says: taking one away revokes it (within 5 s)."""

    def __init__(self, role: str) -> None:
        super().__init__(tokenUrl=TOKEN_URL, scheme_name="user")
        self.role = role

    async def __call__(self, request: Request) -> Principal:  # type: ignore[override]
        principal = await super().__call__(request)
        if self.role not in principal.roles:
            raise NotForThisCaller(f"This is for people with the role {self.role}.")
        return principal


class CurrentUserIfAny(OAuth2PasswordBearer):
    """For routes that anonymous callers may use too. A bad token is still refused: the caller believes in it."""

    async def __call__(self, request: Request) -> Principal | None:  # type: ignore[override]
        principal = await authenticate(request)
        if principal is not None and principal.scope != USER_SCOPE:
            raise NotForThisCaller("This is for people who signed in.")
        return principal


class CallingService(OAuth2):
    """For internal routes: only the named services, by a token of their own for this one audience."""

    def __init__(self, *callers: str) -> None:
        super().__init__(
            flows=OAuthFlows(password=OAuthFlowPassword(tokenUrl=TOKEN_URL, scopes={})), scheme_name="service"
        )
        self.callers = frozenset(f"svc:{caller}" for caller in callers)

    async def __call__(self, request: Request) -> Principal:  # type: ignore[override]
        principal = await authenticate(request)
        if principal is None:
            raise SignInRequired("This route is for services.")
        if principal.scope != SERVICE_SCOPE or principal.subject not in self.callers:
            raise NotForThisCaller("This route is for other services.")
        return principal


get_current_user = CurrentUser(tokenUrl=TOKEN_URL, scheme_name="user")
get_current_user_if_any = CurrentUserIfAny(tokenUrl=TOKEN_URL, scheme_name="user", auto_error=False)

SignedIn = Annotated[Principal, Depends(get_current_user)]
MaybeSignedIn = Annotated[Principal | None, Depends(get_current_user_if_any)]
