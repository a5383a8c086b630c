"""Handlers for errors that leave a route: a problem for each known kind, and 500 for all others."""

import asyncio
from typing import Final

import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import iter_route_contexts
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Receive, Scope, Send

from common.db.connections import READ_ONLY
from common.errors import DependencyUnavailable, DomainError
from common.http.problems import MAX_ERRORS, domain_problem, problem, shortened, whole_seconds

log = structlog.get_logger()


def database_is_away(error: BaseException) -> bool:
    """Whether a database error is temporary: the database is unavailable, and the statement is not at fault.

    PostgreSQL's error classes: 08 connection, 28 and 3D no access (a password in rotation, a database being restored),
    53 resources (disk, connections), 57 intervention (shutdown, cancelled by statement_timeout), 55P03 lock_timeout,
    40 serialisation and deadlock, 25P03 idle in transaction, 25006 a former primary that is read-only now.
    """
    if not isinstance(error, DBAPIError):
        return True  # OSError or a full pool: there was no connection
    state = str(getattr(error.orig, "sqlstate", None) or "")
    return error.connection_invalidated or not state or state[:2] in AWAY or state in UNAVAILABLE


AWAY: Final = frozenset({"08", "28", "3D", "40", "53", "57"})
UNAVAILABLE: Final = frozenset({"55P03", "25P03", READ_ONLY})


def install_problem_handlers(app: FastAPI) -> None:
    """Turn every error that leaves a route into a problem. Unknown ones are a 500 (see `common.http.middleware`)."""

    @app.exception_handler(ValueError)
    async def refuse(request: Request, error: ValueError) -> Response:
        if isinstance(error, DomainError):
            return domain_problem(request, error)
        if type(error) is ValueError:  # raised on purpose; a subclass (Unicode's, pydantic's) is a bug
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
    """The methods of the path, for `Allow` (RFC 9110, section 10.2.1).

    The framework names one route's methods only. HEAD goes with GET (`common.http.middleware`).
    """
    routes = [route for route in iter_route_contexts(request.app.routes) if route.methods]
    path = next((route.path for route in routes if route.path_regex.match(request.url.path)), None)
    methods = {method for route in routes if route.path == path for method in route.methods or ()}
    return ", ".join(sorted(methods | {"HEAD"} if "GET" in methods else methods))


class DatabaseUnavailable(DependencyUnavailable):
    """There was no connection to the database, or it cancelled the work."""

    code = "database-unavailable"


def unavailable_response(request: Request, error: DependencyUnavailable) -> Response:
    retry = {"Retry-After": whole_seconds(error.retry_after)}
    return problem(request, 503, code=error.code, detail=str(error), headers=retry)


class LastErrorHandler:
    """Answers unexpected errors with a 500 that holds only the request's id, and late requests with a 504."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            if scope.get("state", {}).get("ends_in") is None:
                await self.app(scope, receive, send)
            else:
                await self.in_time(scope, receive, send)
        except Exception:
            if scope["type"] != "http":
                raise
            log.exception("unexpected error", method=scope["method"], path=scope["path"])
            if scope["state"].get("answered"):
                raise  # the answer has begun: let the server close the connection
            await problem(Request(scope), 500, detail="Something went wrong on our side.")(scope, receive, send)

    async def in_time(self, scope: Scope, receive: Receive, send: Send) -> None:
        """For callers that sent a deadline: late requests are not started, and slow ones are cancelled.

        Cancelling also cancels the running statement and rolls back the transaction.
        """
        seconds: float = scope["state"]["ends_in"]
        if seconds > 0:
            try:
                async with asyncio.timeout(seconds) as limit:
                    await self.app(scope, receive, send)
            except TimeoutError:
                if not limit.expired() or scope["state"].get("answered"):
                    raise
            else:
                return
        late = problem(Request(scope), 504, code="deadline-expired", detail="There was not enough time left for this.")
        await late(scope, receive, send)
