"""Dependencies that all services' routes share. Routes use these aliases in their signatures."""

from collections.abc import Callable, Coroutine
from dataclasses import replace
from typing import Annotated, Any, Final

from fastapi import Depends, Request, Response
from fastapi.openapi.models import OAuthFlowPassword, OAuthFlows
from fastapi.security import OAuth2, OAuth2PasswordBearer
from sqlalchemy.ext.asyncio import AsyncSession

from common.db.database import get_db
from common.db.reading import ReadSession as Reads
from common.db.reading import get_read_session
from common.errors import Forbidden, InsufficientUserAuthentication, Unauthenticated
from common.settings import AppSettings
from common.tokens.claims import SERVICE_SCOPE, USER_SCOPE, InsufficientScope, InvalidToken, Principal
from common.tokens.scopes import SCOPES
from common.tokens.verifier import TokenVerifier

Handler = Callable[[Request], Coroutine[Any, Any, Response]]
"""Answers a request, once its route is found."""
ONE_TOKEN: Final = "The Authorization header must hold one bearer token."  # noqa: S105  # a message
BEARER: Final = "bearer"
TOKEN_URL: Final = "/auth/token"  # noqa: S105  # an address


class FromState:
    """Provides a part that a service put into `app.state`: `Annotated[TagReader, Depends(FromState("tags"))]`.

    Asynchronous like all providers, since a synchronous one costs a thread hop.
    """

    def __init__(self, name: str) -> None:
        self.name = name

    async def __call__(self, request: Request) -> Any:
        return getattr(request.app.state, self.name)


DbSession = Annotated[AsyncSession, Depends(get_db, scope="function")]
"""One transaction per request. The scope puts the commit before the reply; ask for it through this alias only."""

ReadSession = Annotated[Reads, Depends(get_read_session)]


class SignInRequired(Unauthenticated):
    """The request has no bearer token."""

    code = "sign-in-required"


class NotForThisCaller(Forbidden):
    """The token is valid, but its kind of caller may not do this."""

    code = "not-for-this-caller"


def bearer_token(request: Request) -> str | None:
    """The token of the `Authorization` header; no other place is read (S-18).

    A service may have another scheme than `Bearer` (`app.state.auth_scheme`).

    Raises:
        SignInRequired: the header has another scheme, or no token: no bearer token came (RFC 6750, section 3.1).
        InvalidToken: there is another `Authorization` header beside the bearer token.
    """
    values = request.headers.getlist("authorization")
    if not values:
        return None
    parts = [value.partition(" ") for value in values]
    wanted = getattr(request.app.state, "auth_scheme", BEARER)
    tokens = [token for scheme, _, token in parts if scheme.lower() == wanted and token]
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
    if principal.roles:
        principal = with_proven_roles(principal, request.app.state.settings, verifier.now())
    state = request.scope.setdefault("state", {})  # for the access log
    if principal.scope == SERVICE_SCOPE:
        state["caller"] = principal.subject
    else:
        state["account"] = principal.account_id
    return principal


def with_proven_roles(principal: Principal, settings: AppSettings, now: float) -> Principal:
    """Roles count only if their holder has proven who they are as the settings want it."""
    oldest = settings.admin_max_age
    is_fresh = oldest is None or now - principal.proven_at <= oldest.total_seconds()
    if is_fresh and (principal.has_second_factor or not settings.admin_second_factor):
        return principal
    return replace(principal, roles=(), withheld_roles=principal.roles)


def step_up_for_roles(settings: AppSettings) -> InsufficientUserAuthentication:
    """The refusal of somebody whose roles are withheld."""
    needed = "Prove your second factor first." if settings.admin_second_factor else "Confirm first that it is you."
    return InsufficientUserAuthentication(
        needed, second_factor=settings.admin_second_factor, max_age=settings.admin_max_age
    )


def refuse_beyond_scope(request: Request, principal: Principal) -> None:
    """Of those whose scope is not `api`, let only API keys pass that have the route's scope.

    Raises:
        NotForThisCaller: it is a service, or the route is never for keys.
        InsufficientScope: the key has other scopes.
    """
    if principal.scope == SERVICE_SCOPE:
        raise NotForThisCaller("This is for people who signed in.")
    needed: str | None = request.scope["route"].key_scope(request.app.state.service)
    if needed is None:
        raise NotForThisCaller("This is for people who signed in, and never for API keys.")
    if needed not in principal.scopes:
        raise InsufficientScope(needed)


class CurrentUser(OAuth2PasswordBearer):
    """Security scheme and check in one dependency, which costs a request half as much as two."""

    async def __call__(self, request: Request) -> Principal:  # type: ignore[override]  # more than the bare token
        principal = await authenticate(request)
        if principal is None:
            raise SignInRequired("Sign in to do this.")
        if principal.scope != USER_SCOPE:
            refuse_beyond_scope(request, principal)
        return principal


class WithRole(CurrentUser):
    """For people whose token has one of some roles. Removing a role revokes their tokens (within 5 s).

    With the settings ADMIN_SECOND_FACTOR and ADMIN_MAX_AGE, a session must have proven a second factor, or lately.
    """

    def __init__(self, *roles: str) -> None:
        super().__init__(tokenUrl=TOKEN_URL, scheme_name="user", scopes=dict(SCOPES))
        self.roles = roles

    async def __call__(self, request: Request) -> Principal:  # type: ignore[override]
        principal = await super().__call__(request)
        if not any(role in principal.roles for role in self.roles):
            if any(role in principal.withheld_roles for role in self.roles):
                raise step_up_for_roles(request.app.state.settings)
            raise NotForThisCaller(f"This is for people with the role {' or '.join(self.roles)}.")
        return principal


class CurrentUserIfAny(OAuth2PasswordBearer):
    """For routes that anonymous callers may use too. An invalid token is still refused: its sender relies on it."""

    async def __call__(self, request: Request) -> Principal | None:  # type: ignore[override]
        principal = await authenticate(request)
        if principal is not None and principal.scope != USER_SCOPE:
            refuse_beyond_scope(request, principal)
        return principal


class CallingService(OAuth2):
    """For internal routes: only the named services, with a token for this audience."""

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


get_current_user = CurrentUser(tokenUrl=TOKEN_URL, scheme_name="user", scopes=dict(SCOPES))
get_current_user_if_any = CurrentUserIfAny(
    tokenUrl=TOKEN_URL, scheme_name="user", scopes=dict(SCOPES), auto_error=False
)

SignedIn = Annotated[Principal, Depends(get_current_user)]
MaybeSignedIn = Annotated[Principal | None, Depends(get_current_user_if_any)]
