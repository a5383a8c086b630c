"""The OAuth 2 endpoints: issuing tokens for a grant, and revoking them (RFC 6749, RFC 7009)."""

import base64
from typing import Annotated
from urllib.parse import unquote

from fastapi import FastAPI, Form, Request, Response

from auth.deps import REFRESH, SIGN_IN, CallingDevice, Sessions, SignIn
from auth.schemas.token import RevokeForm, TokenForm, TokenResponse
from auth.services import errors
from auth.services.api_keys.errors import InvalidSubjectToken, InvalidTarget
from auth.services.api_keys.exchange import ACCESS_TOKEN, GRANT, Exchange
from auth.services.passwords.hashing import TooBusy
from auth.services.records import Device, Tokens
from auth.services.sessions.own import SessionService
from auth.services.sign_in import SignInService
from auth.wiring.api_keys import API_KEYS, ExchangeKeys
from common.http.access import public
from common.http.problems import domain_problem, problems
from common.http.rate_limits import Limits, SourceLimits
from common.http.routing import TokenRoute, service_router
from common.tokens.claims import USER_SCOPE, InvalidToken
from common.tokens.verifier import TokenVerifier

router = service_router("/auth", "tokens", TokenRoute)


SERVICE_PREFIX = "svc"


@router.post(
    "/token",
    response_model_exclude_none=True,
    responses=problems(
        errors.InvalidGrant,
        errors.OAuthRefusal,
        errors.UnsupportedGrant,
        errors.InvalidScope,
        errors.InvalidClient,
        InvalidSubjectToken,
        InvalidTarget,
        errors.SignInThrottled,
        errors.SignInClosed,
        TooBusy,
    ),
)
@public
async def issue_token(
    request: Request,
    form: Annotated[TokenForm, Form()],
    sign_in: SignIn,
    keys: ExchangeKeys,
    device: CallingDevice,
    limits: Limits,
) -> TokenResponse:
    """Sign in with a password, stay signed in with a refresh token, exchange an API key, or sign a service in."""
    given = [name for name, _ in (await request.form()).multi_items()]
    if len(given) != len(set(given)):
        raise errors.OAuthRefusal("No parameter may be given twice (RFC 6749, section 3.2).")
    if form.grant_type == GRANT:
        await limits.hit(API_KEYS)
        issued = await keys.exchange(exchange_of(form), device)
        return TokenResponse.model_validate(issued).model_copy(update={"issued_token_type": ACCESS_TOKEN})
    return TokenResponse.model_validate(await grant(form, request, sign_in, device, limits))


def exchange_of(form: TokenForm) -> Exchange:
    return Exchange(
        subject_token=form.subject_token,
        subject_token_type=form.subject_token_type,
        requested_token_type=form.requested_token_type,
        scope=form.scope,
        audience=form.audience,
        resource=form.resource,
        has_actor=bool(form.actor_token),
    )


async def grant(
    form: TokenForm, request: Request, sign_in: SignInService, device: Device, limits: SourceLimits
) -> Tokens:
    if form.grant_type == "client_credentials":
        client_id, secret = client_credentials(request, form)
        return await sign_in.with_client_secret(client_id, secret, form.audience, device)
    if form.scope and set(form.scope.split()) - {USER_SCOPE}:
        raise errors.InvalidScope(f"The only scope is {USER_SCOPE}.")
    if form.grant_type == "password":
        if not form.username or not form.password:
            raise errors.OAuthRefusal("username and password are needed.")
        await limits.hit(SIGN_IN)
        return await sign_in.with_password(form.username, form.password, device)
    if form.grant_type == "refresh_token":
        if not form.refresh_token:
            raise errors.OAuthRefusal("refresh_token is needed.")
        await limits.hit(REFRESH)
        return await sign_in.with_refresh_token(form.refresh_token, device)
    raise errors.UnsupportedGrant(f"grant_type must be password, refresh_token, client_credentials or {GRANT}.")


def client_credentials(request: Request, form: TokenForm) -> tuple[str, str]:
    """Client credentials from HTTP Basic or from the form.

    Both parts of Basic must be encoded first (RFC 6749, section 2.3.1), but many libraries send them as they are. So
    the colon in `svc:users` is accepted in both forms, and so is a `+` in a secret.
    """
    scheme, _, encoded = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "basic":
        try:
            user, _, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
        except ValueError as error:  # not ASCII, not base64 or not UTF-8
            raise errors.InvalidClient("The Basic credentials cannot be read.") from error
        if user == SERVICE_PREFIX:
            name, _, secret = secret.partition(":")
            user = f"{SERVICE_PREFIX}:{name}"
        if user:
            return unquote(user).replace("\0", ""), unquote(secret)
    if not form.client_id or not form.client_secret:
        raise errors.InvalidClient("Client credentials are needed.")
    return form.client_id, form.client_secret


@router.post("/revoke", response_class=Response, responses=problems(errors.OAuthRefusal))
@public
async def revoke_token(
    request: Request, form: Annotated[RevokeForm, Form()], sign_in: SignIn, sessions: Sessions, device: CallingDevice
) -> Response:
    """Sign out: end the session of a refresh or access token. Answers 200 for tokens that are unknown or dead."""
    if not form.token:
        raise errors.OAuthRefusal("token is needed.")
    if form.token.count(".") == 2:  # a JWT; refresh tokens have four
        await end_session_of(form.token, request.app.state.verifier, sessions, device)
    else:
        await sign_in.revoke(form.token, device)
    return Response(status_code=200)


async def end_session_of(token: str, verifier: TokenVerifier, sessions: SessionService, device: Device) -> None:
    """End the session of an access token, as at `/auth/sessions`. An invalid token ends nothing."""
    try:
        principal = await verifier.verify(token)
    except InvalidToken:
        return
    if principal.sid is not None:
        await sessions.sign_out(principal.account_id, principal.session_id, device)


def install_oauth_errors(app: FastAPI) -> None:
    """A rule that refuses also sets the `error` of RFC 6749; elsewhere the status decides it (`common.http.oauth`)."""

    @app.exception_handler(errors.OAuthRefusal)
    async def refuse(request: Request, error: errors.OAuthRefusal) -> Response:
        answer = domain_problem(request, error, error=error.oauth_error)
        if isinstance(error, errors.InvalidClient):
            answer.headers["WWW-Authenticate"] = 'Basic realm="trivium"'
        return answer
