"""Errors as `application/problem+json` (RFC 9457): the table from kind of error to status, and the handlers."""

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus
from typing import Any, Final

import structlog
from fastapi import Request, Response
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from common.errors import (
    Conflict,
    DependencyUnavailable,
    DomainError,
    Forbidden,
    InsufficientUserAuthentication,
    InvalidInput,
    NotFound,
    PreconditionFailed,
    TooManyRequests,
    Unauthenticated,
)
from common.http import oauth
from common.tokens.claims import MULTI_FACTOR, InsufficientScope

log = structlog.get_logger()

PROBLEM: Final = "application/problem+json"
STATUS: Final[Mapping[type[BaseException], int]] = {
    Unauthenticated: 401,
    Forbidden: 403,
    NotFound: 404,
    Conflict: 409,
    PreconditionFailed: 412,
    InvalidInput: 422,
    TooManyRequests: 429,
    DependencyUnavailable: 503,
    DomainError: 400,
}
CHALLENGE: Final = 'Bearer realm="trivium"'
CHALLENGES: Final[Mapping[str, str]] = {
    "invalid-token": f'{CHALLENGE}, error="invalid_token"',
    "not-for-this-caller": f'{CHALLENGE}, error="insufficient_scope"',
}
"""`WWW-Authenticate` by code (RFC 6750, section 3). Without a bearer token it names no error."""
CODES: Final[Mapping[int, str]] = {
    400: "malformed-body",  # the framework's own: a form that cannot be parsed
    404: "no-such-route",
    405: "method-not-allowed",
    408: "request-timeout",
    413: "body-too-large",
    415: "unsupported-media-type",
    422: "validation-failed",
    500: "internal-error",
}
MAX_ERRORS: Final = 20


@dataclass(frozen=True, slots=True, eq=False)
class ErrorForm:
    """`app.state.error_form`: the form of all errors of a service that speaks a foreign API."""

    change: Callable[[dict[str, Any]], dict[str, Any]]
    """Makes the body from that of a problem."""
    schema: Mapping[str, Any]
    media_type: str


MAX_WORD: Final = 100


class FieldError(BaseModel):
    """An invalid part of the request. The value itself is not repeated."""

    loc: list[str | int] = Field(examples=[["body", "email"]])
    msg: str = Field(examples=["Field required"])
    type: str = Field(examples=["missing"])


class Problem(BaseModel):
    """The form of every error (RFC 9457). `code` is stable; `detail` is for people."""

    type: str = Field(examples=["urn:trivium:problem:post-not-found"])
    title: str = Field(examples=["Not Found"])
    status: int = Field(examples=[404])
    detail: str = Field(examples=["There is no post 7."])
    instance: str | None = Field(default=None, examples=["urn:request:6c9a3f1e2d4b4c6f"])
    code: str = Field(examples=["post-not-found"])
    errors: list[FieldError] | None = Field(default=None, description="Validation errors only.")


class OAuthProblem(Problem):
    """An error of the token and revocation endpoints, also as RFC 6749, section 5.2, requires. `error` is stable."""

    error: str = Field(examples=["invalid_grant"])
    error_description: str = Field(examples=["The e-mail address or the password is wrong."])


def status_of(error: type[BaseException]) -> int:
    """The HTTP status of a kind of error: its nearest ancestor in the table."""
    return next(STATUS[kind] for kind in error.__mro__ if kind in STATUS)


def problem(
    request: Request,
    status: int,
    *,
    code: str | None = None,
    detail: str | None = None,
    headers: Mapping[str, str] | None = None,
    **extra: Any,
) -> Response:
    """An error answer. `instance` is the request's id, which finds its log lines."""
    code = code or CODES.get(status, "error")
    title = HTTPStatus(status).phrase
    body: dict[str, Any] = {
        "type": f"urn:trivium:problem:{code}",
        "title": title,
        "status": status,
        "detail": detail or title,
        "instance": f"urn:request:{request.scope.get('state', {}).get('request_id', 'unknown')}",
        "code": code,
    }
    media_type = PROBLEM
    if oauth.is_oauth_endpoint(request.scope):
        media_type = oauth.MEDIA_TYPE
        body |= oauth.members(status, body["detail"])
    body |= extra
    form: ErrorForm | None = getattr(request.scope["app"].state, "error_form", None) if "app" in request.scope else None
    if form is not None:
        media_type, body = form.media_type, form.change(body)
    # ASCII escapes: a lone surrogate in a field name of the caller's could not be encoded as UTF-8
    content = json.dumps(body, ensure_ascii=True).encode()
    return Response(content, status, headers, media_type=media_type)


def domain_problem(request: Request, refusal: DomainError, /, **extra: Any) -> Response:
    """The answer to a refusal by a business rule."""
    status = status_of(type(refusal))
    headers = {}
    if isinstance(refusal, InsufficientScope):
        headers["WWW-Authenticate"] = f'{CHALLENGE}, error="insufficient_scope", scope="{refusal.scope}"'
    elif status == 401 or refusal.code in CHALLENGES:
        headers["WWW-Authenticate"] = CHALLENGES.get(refusal.code, CHALLENGE)
    if isinstance(refusal, InsufficientUserAuthentication):
        headers["WWW-Authenticate"] = step_up_challenge(refusal)
    if isinstance(refusal, TooManyRequests):
        headers["Retry-After"] = whole_seconds(refusal.retry_after)
    return problem(request, status, code=refusal.code, detail=str(refusal), headers=headers, **extra)


def step_up_challenge(refusal: InsufficientUserAuthentication) -> str:
    """RFC 9470, section 3."""
    parts = [CHALLENGE, 'error="insufficient_user_authentication"', f'error_description="{refusal}"']
    if refusal.second_factor:
        parts.append(f'acr_values="{MULTI_FACTOR}"')
    if refusal.max_age is not None:
        parts.append(f'max_age="{int(refusal.max_age.total_seconds())}"')
    return ", ".join(parts)


class MalformedBody(HTTPException):
    """The body cannot be read. An HTTPException, because FastAPI replaces any other error here by its own."""

    def __init__(self, status: int, code: str, detail: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(status, detail, headers)
        self.code = code


class Overloaded(MalformedBody):
    """The service is overloaded and has no room for this body.

    The same answer as for requests that are refused before they start (`common.serving.http_limits`). The rest of the
    body is read and dropped for a while: a client whose upload is cut off may never read the answer.
    """

    code = "overloaded"
    told = "The service is overloaded; try again in a moment."

    def __init__(self) -> None:
        super().__init__(503, self.code, self.told, {"Retry-After": "1"})


def whole_seconds(pause: timedelta) -> str:
    return str(max(1, math.ceil(pause.total_seconds())))


def shortened(word: str | int) -> str | int:
    """Limit the length of input that is sent back."""
    return word if isinstance(word, int) or len(word) <= MAX_WORD else word[:MAX_WORD] + "…"


def problems(*errors: type[DomainError | DependencyUnavailable]) -> dict[int | str, dict[str, Any]]:
    """OpenAPI `responses` for a route: the codes that it may answer with, by status."""
    by_status: dict[int | str, dict[str, Any]] = {}
    for error in errors:
        declare_codes(by_status, status_of(error), error.code)
    return by_status


def declare_codes(responses: dict[int | str, dict[str, Any]], status: int | str, *codes: str) -> None:
    """Add these codes to a route's responses: an example for each, which `common.http.docs` completes.

    The schema has no enum of codes: generators would make a class for each set of codes.
    """
    content = {PROBLEM: {"schema": {"$ref": "#/components/schemas/Problem"}, "examples": {}}}
    response = responses.setdefault(status, {"description": "", "content": content})
    examples: dict[str, Any] = response["content"][PROBLEM]["examples"]
    for code in codes:
        examples.setdefault(code, {})
    response["description"] = ", ".join(examples)
