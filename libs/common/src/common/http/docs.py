"""The OpenAPI document of an app. Clients are generated from it, and the gateway shows it at `/docs`.

The services do not serve it. `python -m deploy.gateway.openapi` merges their documents into docs/openapi.json.
"""

import inspect
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import RouteContext, iter_route_contexts

from common.errors import DependencyUnavailable, DomainError, InsufficientUserAuthentication, PreconditionFailed
from common.http import oauth
from common.http.access import dependencies_of
from common.http.bodies import FORM
from common.http.deps import CurrentUserIfAny, WithRole
from common.http.idempotency import BadIdempotencyKey, IdempotencyKeyReused, RequestInProgress
from common.http.problems import PROBLEM, ErrorForm, OAuthProblem, Problem, declare_codes
from common.http.rate_limits import RateLimited, RateLimitsUnavailable
from common.http.routing import INTERNAL
from common.services import SERVICES
from common.tokens.claims import InsufficientScope

ErrorClass = type[DomainError | DependencyUnavailable]
SCHEMAS: Final = "#/components/schemas/"
REFERENCE: Final = SCHEMAS + "{model}"
MEANINGS: Final[Mapping[str, str]] = {
    "malformed-body": "The body cannot be parsed as its media type.",
    "duplicate-names": "A JSON object has a duplicate name.",
    "body-too-deep": "The JSON is nested too deeply.",
    "body-too-large": "The body, or a list in it, is too long.",
    "request-timeout": "The body did not arrive in time.",
    "url-too-long": "The address is too long.",
    "headers-too-large": "The headers are too many or too long.",
    "unsupported-media-type": "The route does not accept the body's media type.",
    "validation-failed": "The request does not have the expected form; `errors` says where.",
    "no-such-route": "No route has this path.",
    "overloaded": "The service is overloaded and has not started the request. Try again after `Retry-After`.",
    "internal-error": "An unexpected error on our side; `instance` names the request.",
}
"""Descriptions of codes that have no error class."""


def describe(app: FastAPI, *, internal: bool = False) -> dict[str, Any]:
    """The app's OpenAPI document: its public routes, or all of them, with the problems that all such routes share."""
    routes = [
        route for route in iter_route_contexts(app.routes) if internal or not str(route.path).startswith(INTERNAL)
    ]
    document: dict[str, Any] = get_openapi(
        title=app.title, version=app.version, description=app.description, routes=routes, tags=tags(routes)
    )
    document.setdefault("components", {}).setdefault("schemas", {})
    # FastAPI names it `Page_PostResponse_` and ignores a generic model's own name, which is in the title.
    document = rename(document, {name: one["title"] for name, one in document["components"]["schemas"].items()})
    schemas = document["components"]["schemas"]
    schemas.pop("HTTPValidationError", None)
    schemas.pop("ValidationError", None)
    for model in (Problem, OAuthProblem):
        definition = model.model_json_schema(ref_template=REFERENCE)
        schemas.update(definition.pop("$defs"))
        schemas[model.__name__] = definition
    known = {error.code: error for error in errors(app.state.service)}
    for route in routes:
        for method in (route.methods or ()) if route.include_in_schema else ():
            operation = document["paths"][route.path_format][method.lower()]
            if any(isinstance(call, CurrentUserIfAny) for call in dependencies_of(route.dependant)):
                operation["security"].insert(0, {})  # OpenAPI's way to say that signing in is optional
            key_scope = getattr(route.original_route, "key_scope", no_scope)(app.state.service)
            if key_scope is not None:
                operation["security"][-1]["user"] = [key_scope]
                declare_codes(operation["responses"], "403", InsufficientScope.code)
            operation["summary"], operation["description"] = summary_and_description(route)
            forbid_null(operation, schemas)
            add_common_problems(operation)
            if any(isinstance(call, WithRole) for call in dependencies_of(route.dependant)):
                declare_codes(operation["responses"], "401", InsufficientUserAuthentication.code)
            is_oauth, form = getattr(route.original_route, "oauth", False), getattr(app.state, "error_form", None)
            explain_problems(operation["responses"], known, form, for_oauth=is_oauth)
    return document


def no_scope(service: str) -> None:
    """Of routes that are not ours: probes and metrics."""


def rename(node: Any, names: Mapping[str, str]) -> Any:
    """The document with renamed schemas."""
    if isinstance(node, list):
        return [rename(item, names) for item in node]
    if not isinstance(node, dict):
        return node
    found = {key: rename(value, names) for key, value in node.items()}
    if isinstance(found.get("schemas"), dict):
        found["schemas"] = {names.get(name, name): schema for name, schema in found["schemas"].items()}
    name = str(found.get("$ref", "")).removeprefix(SCHEMAS)
    return {**found, "$ref": SCHEMAS + names[name]} if name in names else found


def summary_and_description(route: RouteContext) -> tuple[str, str]:
    """The endpoint's docstring: its first sentence as the summary, and all of it as the description."""
    text = inspect.getdoc(route.endpoint) or route.name or ""
    return text.partition(". ")[0].splitlines()[0].removesuffix("."), text


def tags(routes: list[RouteContext]) -> list[dict[str, Any]]:
    """Each tag once, described by the first line of its routes' module."""
    found: dict[str, str] = {}
    for route in routes:
        if route.include_in_schema and getattr(route, "tags", None):
            lines = (inspect.getdoc(inspect.getmodule(route.endpoint)) or "").splitlines()
            found.setdefault(str(route.tags[0]), lines[0] if lines else "")
    return [{"name": name, "description": description} for name, description in found.items()]


def forbid_null(operation: dict[str, Any], schemas: dict[str, Any]) -> None:
    """Remove null from parameters and form fields. They may be left out (None here), but nobody can send a null."""
    holders: list[dict[str, Any]] = operation.get("parameters", [])
    form = operation.get("requestBody", {}).get("content", {}).get(FORM, {}).get("schema", {}).get("$ref", "")
    properties = schemas.get(form.rpartition("/")[2], {}).get("properties", {})
    for holder in holders:
        holder["schema"] = without_null(holder["schema"])
    properties.update({name: without_null(schema) for name, schema in properties.items()})


def without_null(schema: dict[str, Any]) -> dict[str, Any]:
    alternatives = [one for one in schema.get("anyOf", ()) if one.get("type") != "null"]
    if len(alternatives) != 1:
        return schema
    rest = {name: value for name, value in schema.items() if name != "anyOf"}
    return alternatives[0] if "$ref" in alternatives[0] else {**rest, **alternatives[0]}


def add_common_problems(operation: dict[str, Any]) -> None:
    """Add the problems that follow from the route's parameters, body and security."""
    responses = operation["responses"]
    if "application/json" in responses.get("422", {}).get("content", {}):
        del responses["422"]  # FastAPI's own
    takes = {parameter["in"] for parameter in operation.get("parameters", ())}
    if "path" in takes:
        declare_codes(responses, "404", "no-such-route")
    if takes or "requestBody" in operation:
        declare_codes(responses, "422", "validation-failed")
    names = {parameter["name"].lower() for parameter in operation.get("parameters", ())}
    if "if-match" in names:
        declare_codes(responses, "412", PreconditionFailed.code)
    if "idempotency-key" in names:
        declare_codes(responses, "409", RequestInProgress.code)
        declare_codes(responses, "422", BadIdempotencyKey.code, IdempotencyKeyReused.code)
    if "security" in operation:
        declare_codes(responses, "401", "sign-in-required", "invalid-token")
        declare_codes(responses, "403", "not-for-this-caller")
    if "requestBody" in operation:
        declare_codes(responses, "400", "malformed-body", "bad-request")  # the latter is FastAPI's, for forms
        declare_codes(responses, "408", "request-timeout")
        declare_codes(responses, "413", "body-too-large")
        declare_codes(responses, "415", "unsupported-media-type")
    if "application/json" in operation.get("requestBody", {}).get("content", {}):
        declare_codes(responses, "422", "malformed-body", "duplicate-names", "body-too-deep", "body-too-large")
    declare_codes(responses, "414", "url-too-long")
    declare_codes(responses, "429", RateLimited.code)
    declare_codes(responses, "431", "headers-too-large")
    declare_codes(responses, "500", "internal-error")
    declare_codes(responses, "503", "database-unavailable", "peer-unavailable", "keys-unavailable", "overloaded")
    declare_codes(responses, "503", RateLimitsUnavailable.code)
    operation["responses"] = dict(sorted(responses.items()))


def declared_codes(response: dict[str, Any]) -> list[str]:
    """The codes in one entry of OpenAPI's `responses`."""
    return [code for content in response.get("content", {}).values() for code in content.get("examples", ())]


def explain_problems(
    responses: dict[str, Any], known: Mapping[str, ErrorClass], form: ErrorForm | None, *, for_oauth: bool
) -> None:
    """Describe each problem by its codes, with an example of each. `known` are error classes by code."""
    meanings = {**MEANINGS, **{code: (inspect.getdoc(error) or "").splitlines()[0] for code, error in known.items()}}
    for status, response in responses.items():
        codes = declared_codes(response)
        if codes:
            response["description"] = "\n".join(f"- `{code}`: {meanings[code]}" for code in codes)
            content = response["content"].pop(PROBLEM)
            response["content"][oauth.MEDIA_TYPE if for_oauth or form else PROBLEM] = content
            if for_oauth:
                content["schema"] = {"$ref": REFERENCE.format(model=OAuthProblem.__name__)}
            if form:
                content["schema"] = dict(form.schema)
            for code in codes:
                value = example(code, int(status), meanings[code])
                if for_oauth:
                    value |= oauth.members(int(status), meanings[code])
                    value["error"] = getattr(known.get(code), "oauth_error", value["error"])
                content["examples"][code] = {"value": form.change(value) if form else value}


def example(code: str, status: int, meaning: str) -> dict[str, Any]:
    return {
        "type": f"urn:trivium:problem:{code}",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": meaning,
        "instance": "urn:request:6c9a3f1e2d4b4c6f",
        "code": code,
    }


def errors(service: str) -> list[ErrorClass]:
    """All imported error classes, base classes first. Other services may use the same codes, so theirs are left out."""
    found: list[ErrorClass] = []
    level: list[ErrorClass] = [DomainError, DependencyUnavailable]
    others = set(SERVICES) - {service}
    while level:
        found += level
        level = [special for kind in level for special in kind.__subclasses__()]
    return [error for error in found if error.__module__.partition(".")[0] not in others]
