"""The route class of all services: bodies are read strictly, and every route declares who may use it."""

import re
from collections.abc import Callable
from enum import StrEnum
from typing import Any, Final, TypeVar

from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute, request_response
from starlette.routing import Match
from starlette.types import ASGIApp, Scope

from common.db.database import get_db
from common.http import etags, idempotency, rate_limits
from common.http.access import FOR_KEYS, Access, access_of, dependencies_of
from common.http.bodies import FORM, JSON, MAX_BODY, with_strict_body
from common.http.deps import Handler
from common.http.handlers import NotPrepared, as_app, prepared_handler
from common.http.paging import get_page

F = TypeVar("F", bound=Callable[..., Any])
INTERNAL: Final = "/internal"
SHED_FIRST: Final = "__shed_first__"
FOR_PEOPLE: Final = frozenset({Access.SIGNED_IN, Access.MAYBE_SIGNED_IN})


class Priority(StrEnum):
    """The order in which requests are shed under overload, the first first (`common.serving.load_shedding`)."""

    LISTS = "lists"
    ORDINARY = "ordinary"
    VITAL = "vital"
    """Others depend on it: keys, tokens, calls between services; and the actions of admins."""


def shed_first(endpoint: F) -> F:
    """Shed a route as a list (`Priority.LISTS`). Below the router's decorator; routes with `Paging` need it not."""
    setattr(endpoint, SHED_FIRST, True)
    return endpoint


class ServiceRoute(APIRoute):
    """A route with our conventions, applied once, when the route is built.

    It declares who may use it, or the app does not start. Requests are counted. Bodies are read strictly, within a time
    and a size. Single resources get an `ETag`. A route that creates does so once per `Idempotency-Key`.
    """

    max_body = MAX_BODY
    keeps_answers = True
    """Whether a route that creates repeats its answer (`common.http.idempotency`). Not if the answer holds tokens: they
    are never stored. A service without a database cannot: it passes the key on."""
    raw_body: str | None = None
    """The media type of a body that the route reads as bytes (`await request.body()`)."""
    media_type = "application/json"
    limited = True
    """Whether the general rate limit applies. Never to services."""
    vital = False
    """See `Priority`. Always for services and admins."""
    for_keys = True
    """Whether API keys may use it (`common.http.access`). Never where a role is needed."""
    oauth = False
    """Whether its errors have the form of OAuth (`common.http.oauth`)."""

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        methods = set(options.get("methods") or ())
        self.is_tagged = etags.is_tagged(endpoint)
        responses: dict[int | str, Any] = dict(options.get("responses") or {})
        parameters: list[dict[str, Any]] = []
        if self.is_tagged:
            responses[options.get("status_code") or 200] = {"headers": etags.ETAG_HEADER}
            if "GET" in methods:
                responses[304] = {"description": "Nothing has changed."}
                parameters.append(etags.NONE_MATCH_PARAMETER)
        self.creates = self.keeps_answers and "POST" in methods and options.get("status_code") == 201
        if self.creates:
            parameters.append(idempotency.PARAMETER)
        options["responses"] = responses
        options["generate_unique_id_function"] = operation_id
        options["openapi_extra"] = {"parameters": parameters}
        if self.raw_body is not None:
            content = {self.raw_body: {"schema": {"type": "string", "format": "binary"}}}
            options["openapi_extra"]["requestBody"] = {"content": content, "required": True}
        super().__init__(path, endpoint, **options)
        takes_keys = self.access in FOR_PEOPLE and getattr(endpoint, FOR_KEYS, self.for_keys)
        self.verb = ("read" if methods <= {"GET", "HEAD"} else "write") if takes_keys else None
        # The framework's `$` also matches before a newline at the end. Load shedding knows no such paths.
        self.path_regex = re.compile(self.path_regex.pattern.removesuffix("$") + r"\Z")
        self.beginning, self.has_parameters, _ = path.partition("{")
        try:
            handle = prepared_handler(self, is_form=is_form(self))
        except NotPrepared:
            return  # `self.app` is FastAPI's
        self.app = as_app(self.with_conventions(handle), self.with_overrides)

    def with_overrides(self, app: FastAPI) -> ASGIApp:
        """FastAPI's own handler, which replaces dependencies by `app.dependency_overrides`."""
        self.dependency_overrides_provider = app
        return request_response(self.get_route_handler())

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """As the framework, which compares a regular expression; but most routes have another beginning.

        Not below a prefix: of a proxy (`root_path`), or of a router that includes this one (FastAPI's own key).
        """
        path: str = scope["path"]
        is_other = not path.startswith(self.beginning) if self.has_parameters else path != self.beginning
        if is_other and not scope.get("root_path") and not scope.get("fastapi"):
            return Match.NONE, {}
        return super().matches(scope)

    def key_scope(self, service: str) -> str | None:
        """The scope that an API key needs; None if keys may not use the route."""
        return None if self.verb is None else f"{service}:{self.verb}"

    @property
    def access(self) -> Access:
        return access_of(self.endpoint, self.dependant)

    @property
    def priority(self) -> Priority:
        """How long it is kept under overload. Routes that answer in pages are lists or searches."""
        if self.vital or self.access in {Access.SERVICES, Access.ROLE}:
            return Priority.VITAL
        is_list = getattr(self.endpoint, SHED_FIRST, False) or get_page in dependencies_of(self.dependant)
        return Priority.LISTS if is_list else Priority.ORDINARY

    def get_route_handler(self) -> Handler:
        return self.with_conventions(super().get_route_handler())

    def with_conventions(self, handle: Handler) -> Handler:
        """Wrap the handler, which ends with the serialised answer. The innermost wrapper comes first."""
        access = self.access
        if self.is_tagged:
            handle = etags.with_etag(handle)
        if self.creates:
            if get_db not in dependencies_of(self.dependant):
                raise TypeError(f"{self.endpoint.__qualname__} creates, so it must work in DbSession")
            handle = idempotency.with_idempotency(handle, knows_people=access is not Access.PUBLIC)
        if self.body_field is not None or self.raw_body is not None:
            handle = self.with_body(handle)
        if self.limited and access is not Access.SERVICES:
            handle = rate_limits.with_rate_limit(handle, knows_people=access is not Access.PUBLIC)
        return handle

    def with_body(self, handle: Handler) -> Handler:
        """Read the whole body first, strictly."""
        accepted = self.raw_body or (FORM if is_form(self) else JSON)
        return with_strict_body(handle, accepted, self.max_body)


def operation_id(route: APIRoute) -> str:
    """The endpoint's name, such as `revise_post`; generated clients name a method after it. A test keeps it unique."""
    return route.name


def is_form(route: APIRoute) -> bool:
    return type(getattr(route.body_field, "field_info", None)).__name__ == "Form"


class SmallBodyRoute(ServiceRoute):
    """For forms and credentials (S-32), which are never an API key's."""

    max_body = 16 * 1024
    for_keys = False


class SignInRoute(SmallBodyRoute):
    """For tokens. Refusing one causes more load: a client that cannot renew its token must sign in again."""

    vital = True
    keeps_answers = False


class TokenRoute(SignInRoute):
    """For tokens of OAuth clients."""

    oauth = True


class UnlimitedRoute(ServiceRoute):
    """For the keys, without which no service can verify a token. Not rate limited."""

    limited = False
    vital = True


def service_router(prefix: str, tag: str, route_class: type[ServiceRoute] = ServiceRoute) -> APIRouter:
    return APIRouter(prefix=prefix, tags=[tag], route_class=route_class)


def internal_router() -> APIRouter:
    """Routes for other services. They are not in the public API or its document (`common.http.docs`)."""
    return APIRouter(prefix=INTERNAL, tags=["internal"], route_class=ServiceRoute)
