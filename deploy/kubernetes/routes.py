"""Where the HTTPRoutes of the Gateway API (v1) send a request, and which paths must lead where."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any, Final, NamedTuple

from deploy.kubernetes.manifests import Manifest, of_kind
from deploy.services import REGISTRY

EVERYTHING: Final = [{"path": {"type": "PathPrefix", "value": "/"}}]
"""The matches of a rule without any."""
LONGEST: Final = timedelta(minutes=15)
"""Of an answer: an export ends with its token, which lasts at most so long."""
PRIVATE: Final = ("/internal/events", "/internal", "/metrics", "/livez", "/readyz", "/docs", "/openapi.json")
"""Paths that no service may get from outside."""


class Place(NamedTuple):
    """A match's precedence: of all that apply, the largest wins. `order`: the earlier rule, if all else is equal."""

    exact: bool
    characters: int
    order: int


def target(manifests: Sequence[Manifest], path: str, host: str) -> str | None:
    """The Services that get a GET without headers or query; None if the Gateway answers by itself, as with 404.

    Matches of other methods, of headers and of query parameters do not apply to it.
    """
    found = [
        (place, rule)
        for route in of_kind(manifests, "HTTPRoute")
        if any(hosts(name, host) for name in route["spec"].get("hostnames", ["*"]))
        for order, rule in enumerate(route["spec"]["rules"])
        for match in rule.get("matches", EVERYTHING)
        if (place := place_of(match, path, order))
    ]
    if not found:
        return None
    _, rule = max(found, key=lambda one: one[0])
    return ", ".join(backend["name"] for backend in rule.get("backendRefs", ())) or None


def hosts(name: str, host: str) -> bool:
    """`*` stands for one or more labels at the beginning."""
    return name == "*" or name == host or (name.startswith("*.") and host.endswith(name[1:]))


def place_of(match: Mapping[str, Any], path: str, order: int) -> Place | None:
    """None if the match does not apply."""
    wanted = {"type": "PathPrefix", "value": "/", **match.get("path", {})}
    if match.get("method", "GET") != "GET" or match.get("headers") or match.get("queryParams"):
        return None
    exact = wanted["type"] == "Exact"
    return Place(exact, len(wanted["value"]), -order) if path_applies(wanted["type"], wanted["value"], path) else None


def path_applies(kind: str, value: str, path: str) -> bool:
    """Case counts. A prefix is one of whole elements, and its final slash does not count."""
    match kind:
        case "Exact":
            return path == value
        case "PathPrefix":
            return f"{path}/".startswith(f"{value.rstrip('/')}/")
        case _:
            return re.fullmatch(value, path) is not None


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
            found = target(manifests, path, host.replace("*", "any"))
            if services.get(found or "") != service:
                yield f"{host}{path} leads to {found or 'nobody'}, and must lead to {service or 'no service'}"
    for route in routes:
        for rule in route["spec"]["rules"]:
            names = {backend["name"] for backend in rule.get("backendRefs", ())}
            if services.keys() & names and not allows(rule.get("timeouts", {}), LONGEST):
                yield f"{', '.join(sorted(names))} may answer for {LONGEST}: give its rule such `timeouts`"


def allows(timeouts: Mapping[str, str], longest: timedelta) -> bool:
    """Without `request`, a route has the implementation's limit: 15 s with Envoy. Zero is no limit."""
    limits = [seconds(limit) for limit in timeouts.values()]
    return "request" in timeouts and all(limit == 0 or limit >= longest.total_seconds() for limit in limits)


def seconds(duration: str) -> float:
    """A duration of the Gateway API (GEP-2257), such as 1h30m."""
    units = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}
    return sum(int(number) * units[unit] for number, unit in re.findall(r"(\d+)(ms|h|m|s)", duration))
