"""Where the HTTPRoutes of the Gateway API (v1) send a request, and which paths must lead where."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

from deploy.kubernetes.manifests import Manifest, of_kind
from deploy.services import REGISTRY

EVERYTHING: Final = [{"path": {"type": "PathPrefix", "value": "/"}}]
"""The matches of a rule without any."""
PRIVATE: Final = ("/internal/events", "/internal", "/metrics", "/livez", "/readyz", "/docs", "/openapi.json")
"""Paths that no service may get from outside."""


class Request(NamedTuple):
    """`path` without its query; names of headers in small letters."""

    path: str
    method: str = "GET"
    host: str = "api.example.com"
    headers: Mapping[str, str] = {}
    query: Mapping[str, str] = {}


class Place(NamedTuple):
    """A match's precedence: of all that apply, the largest wins. `order`: the earlier rule, if all else is equal."""

    exact: bool
    characters: int
    method: bool
    headers: int
    query: int
    order: int


def target(manifests: Sequence[Manifest], request: Request) -> str | None:
    """The Service that gets a request; None if no rule applies, and the Gateway answers 404.

    Raises:
        NotImplementedError: a rule has several backends, or none.
    """
    found = [
        (place, rule)
        for route in of_kind(manifests, "HTTPRoute")
        if any(hosts(name, request.host) for name in route["spec"].get("hostnames", ["*"]))
        for order, rule in enumerate(route["spec"]["rules"])
        for match in rule.get("matches", EVERYTHING)
        if (place := place_of(match, request, order))
    ]
    if not found:
        return None
    _, rule = max(found, key=lambda one: one[0])
    if len(rule.get("backendRefs", ())) != 1:
        raise NotImplementedError(f"a rule with {len(rule.get('backendRefs', ()))} backends: {rule}")
    name: str = rule["backendRefs"][0]["name"]
    return name


def hosts(name: str, host: str) -> bool:
    """`*` stands for one or more labels at the beginning."""
    return name == "*" or name == host or (name.startswith("*.") and host.endswith(name[1:]))


def place_of(match: Mapping[str, Any], request: Request, order: int) -> Place | None:
    """None if the match does not apply."""
    path = {"type": "PathPrefix", "value": "/", **match.get("path", {})}
    headers = [(one["name"].lower(), one) for one in match.get("headers", ())]
    query = [(one["name"], one) for one in match.get("queryParams", ())]
    applies = (
        path_applies(path["type"], path["value"], request.path)
        and match.get("method", request.method) == request.method
        and all(name in request.headers and value_applies(one, request.headers[name]) for name, one in headers)
        and all(name in request.query and value_applies(one, request.query[name]) for name, one in query)
    )
    exact = path["type"] == "Exact"
    return Place(exact, len(path["value"]), "method" in match, len(headers), len(query), -order) if applies else None


def path_applies(kind: str, value: str, path: str) -> bool:
    """Case counts. A prefix is one of whole elements, and its final slash does not count."""
    match kind:
        case "Exact":
            return path == value
        case "PathPrefix":
            return f"{path}/".startswith(f"{value.rstrip('/')}/")
        case _:
            return re.fullmatch(value, path) is not None


def value_applies(match: Mapping[str, str], value: str) -> bool:
    if match.get("type", "Exact") == "Exact":
        return value == match["value"]
    return re.fullmatch(match["value"], value) is not None


def table() -> dict[str, str | None]:
    """Paths, and the service that must get them at every gateway. None: no service."""
    found: dict[str, str | None] = dict.fromkeys(PRIVATE)
    for service in REGISTRY.values():
        if service.off:
            continue
        for path in service.paths:
            found |= dict.fromkeys((path, f"{path}/", f"{path}/7", f"{path}/7/a%2Fb"), service.name)
            found |= dict.fromkeys((f"{path}7", f"/x{path}", f"/internal{path}"))
    return found


def route_errors(manifests: Sequence[Manifest]) -> Iterator[str]:
    """An overlay's HTTPRoutes must send the same paths to the same services as our own gateway."""
    routes = of_kind(manifests, "HTTPRoute")
    if not routes:
        return
    services = {f"{name}-api": name for name in REGISTRY}
    for host in {name for route in routes for name in route["spec"].get("hostnames", ["*"])}:
        for path, service in table().items():
            found = target(manifests, Request(path, host=host.replace("*", "any")))
            if services.get(found or "") != service:
                yield f"{host}{path} leads to {found or 'nobody'}, and must lead to {service or 'no service'}"
