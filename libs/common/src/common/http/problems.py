"""Errors as `application/problem+json` (RFC 9457): the one table from kind of error to status, and the handlers."""

import json
import math
from collections.abc import Mapping
from datetime import timedelta
from http import HTTPStatus
from typing import Any, Final

import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import iter_route_contexts
from pydantic import BaseModel, Field
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.exceptions import HTTPException

from common.errors import (
    Conflict,
    DependencyUnavailable,
    DomainError,
    Forbidden,
    InvalidInput,
    NotFound,
    PreconditionFailed,
    TooManyRequests,
    Unauthenticated,
)
from common.http import oauth

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
"""`WWW-Authenticate` by code (RFC 6750, section 3). It has no error when no bearer token came."""
CODES: Final[Mapping[int, str]] = {
    400: "malformed-body",  # what the framework refuses so: a form that cannot be parsed
    404: "no-such-route",
    405: "method-not-allowed",
    408: "request-timeout",
    413: "body-too-large",
    415: "unsupported-media-type",
    422: "validation-failed",
    500: "internal-error",
}
MAX_ERRORS: Final = 20
MAX_WORD: Final = 100


class FieldError(BaseModel):
    """One place in the request that was not acceptable. The value itself is not repeated."""

    loc: list[str | int] = Field(examples=[["body", "email"]])
    msg: str = Field(examples=["Field required"])
    type: str = Field(examples=["missing"])


class Problem(BaseModel):
    """What every error looks like (RFC 9457). `code` is stable; `detail` is for people."""

    type: str = Field(examples=["urn:trivium:problem:post-not-found"])
    title: str = Field(examples=["Not Found"])
    status: int = Field(examples=[404])
    detail: str = Field(examples=["There is no post 7."])
    instance: str | None = Field(default=None, examples=["urn:request:6c9a3f1e2d4b4c6f"])
    code: str = Field(examples=["post-not-found"])
    errors: list[FieldError] | None = Field(default=None, description="Validation errors only.")


class OAuthProblem(Problem):
    """An error of the token and revocation endpoints: also what RFC 6749, section 5.2, wants. `error` is stable."""

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
    """An error answer. `instance` is the request's id, by which the log tells the rest."""
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
    # ASCII escapes: a lone surrogate in a field name of the caller's could not be encoded as UTF-8
    content = json.dumps(body | extra, ensure_ascii=True).encode()
    return Response(content, status, headers, media_type=media_type)


def domain_problem(request: Request, refusal: DomainError, /, **extra: Any) -> Response:
    """The answer to a refusal by a rule."""
    status = status_of(type(refusal))
    headers = {}
    if status == 401 or refusal.code in CHALLENGES:
        headers["WWW-Authenticate"] = CHALLENGES.get(refusal.code, CHALLENGE)
    if isinstance(refusal, TooManyRequests):
        headers["Retry-After"] = whole_seconds(refusal.retry_after)
    return problem(request, status, code=refusal.code, detail=str(refusal), headers=headers, **extra)


def database_is_away(error: BaseException) -> bool:
    """Whether a database error means 'not now' rather than 'not like this'.

    PostgreSQL's error classes: 08 connection, 28 and 3D not let in (a password in rotation, a database being restored),
    53 resources (disk, connections), 57 intervention (shutdown, cancelled by statement_timeout), 55P03 lock_timeout,
    40 serialisation and deadlock, 25P03 idle in transaction.
    """
    if not isinstance(error, DBAPIError):
        return True  # OSError or a full pool: no connection was had
    state = str(getattr(error.orig, "sqlstate", None) or "")
    return error.connection_invalidated or not state or state[:2] in AWAY or state in UNAVAILABLE


AWAY: Final = frozenset({"08", "28", "3D", "40", "53", "57"})
UNAVAILABLE: Final = frozenset({"55P03", "25P03"})


def install_problem_handlers(app: FastAPI) -> None:
    """Make every error that leaves a route a problem. An unknown one is a 500 (see `common.http.middleware`)."""

    @app.exception_handler(ValueError)
    async def refuse(request: Request, error: ValueError) -> Response:
        if isinstance(error, DomainError):
            return domain_problem(request, error)
        if type(error) is ValueError:  # raised on purpose; a subclass (Unicode's, pydantic's) is a fault of ours
            return problem(request, 400, code=DomainError.code, detail=str(error))
        raise error

    @app.exception_handler(DependencyUnavailable)
    async def unavailable(request: Request, error: DependencyUnavailable) -> Response:
        log.warning("dependency unavailable", code=error.code, reason=str(error), cause=repr(error.__cause__))
        return unavailable_response(request, error)

    @app.exception_handler(DBAPIError)
    @app.exception_handler(PoolTimeout)
    @app.exception_handler(OSError)
    async def database(request: Request, error: Exception) -> Response:
        if not database_is_away(error):
            raise error
        log.warning("database unavailable", error_type=type(error).__name__, cause=repr(error.__cause__)[:300])
        return unavailable_response(request, DatabaseUnavailable("The service's database does not answer just now."))

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: RequestValidationError) -> Response:
        errors = [
            {"loc": [shortened(part) for part in item["loc"]], "msg": shortened(item["msg"]), "type": item["type"]}
            for item in error.errors()[:MAX_ERRORS]
        ]
        return problem(request, 422, detail="The request does not have the expected form.", errors=errors)

    @app.exception_handler(HTTPException)
    async def http(request: Request, error: HTTPException) -> Response:
        code = getattr(error, "code", None)
        headers = {"Allow": allowed_methods(request)} if error.status_code == 405 else error.headers
        return problem(request, error.status_code, code=code, detail=str(error.detail), headers=headers)


def allowed_methods(request: Request) -> str:
    """What the path takes, for `Allow` (RFC 9110, section 10.2.1). The framework names one route's methods only, and
    HEAD goes with GET (`common.http.middleware`).
    """
    routes = [route for route in iter_route_contexts(request.app.routes) if route.methods]
    path = next((route.path for route in routes if route.path_regex.match(request.url.path)), None)
    methods = {method for route in routes if route.path == path for method in route.methods or ()}
    return ", ".join(sorted(methods | {"HEAD"} if "GET" in methods else methods))


class DatabaseUnavailable(DependencyUnavailable):
    """No connection was had, or the database cut the work short."""

    code = "database-unavailable"


class MalformedBody(HTTPException):
    """A body that cannot even be read. An HTTPException because FastAPI turns any other error here into its own."""

    def __init__(self, status: int, code: str, detail: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(status, detail, headers)
        self.code = code


class Overloaded(MalformedBody):
    """There is no room for this body just now. As what is refused before it is begun (`common.serving.http_limits`).

    The rest of it is let pass for a while: who is cut off while sending may never see why.
    """

    code = "overloaded"
    told = "More is asked for than can be done just now; try again in a moment."

    def __init__(self) -> None:
        super().__init__(503, self.code, self.told, {"Retry-After": "1"})


def unavailable_response(request: Request, error: DependencyUnavailable) -> Response:
    retry = {"Retry-After": whole_seconds(error.retry_after)}
    return problem(request, 503, code=error.code, detail=str(error), headers=retry)


def whole_seconds(pause: timedelta) -> str:
    return str(max(1, math.ceil(pause.total_seconds())))


def shortened(word: str | int) -> str | int:
    """A part of the caller's input that goes back to it, bounded."""
    return word if isinstance(word, int) or len(word) <= MAX_WORD else word[:MAX_WORD] + "…"


def problems(*errors: type[DomainError | DependencyUnavailable]) -> dict[int | str, dict[str, Any]]:
    """OpenAPI `responses` for a route: which codes it may answer with, by status."""
    by_status: dict[int | str, dict[str, Any]] = {}
    for error in errors:
        declare_codes(by_status, status_of(error), error.code)
    return by_status


def declare_codes(responses: dict[int | str, dict[str, Any]], status: int | str, *codes: str) -> None:
    """Let a route answer with these codes as well: an example for each, which `common.http.docs` completes.

    No enum of codes in the schema: generators would make a class of their own for each set of codes.
    """
    content = {PROBLEM: {"schema": {"$ref": "#/components/schemas/Problem"}, "examples": {}}}
    response = responses.setdefault(status, {"description": "", "content": content})
    examples: dict[str, Any] = response["content"][PROBLEM]["examples"]
    for code in codes:
        examples.setdefault(code, {})
    response["description"] = ", ".join(examples)
