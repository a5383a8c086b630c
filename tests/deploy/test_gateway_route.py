"""The HTTPRoute of production and our own gateway send each path to the same service.

`deploy.kubernetes.routes` follows the specification of the Gateway API; the other side is the real Caddy.
"""

import asyncio
import copy
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import httpx
import pytest
import yaml

from deploy.kubernetes.check import FOLDER
from deploy.kubernetes.manifests import Manifest
from deploy.kubernetes.routes import hosts, route_errors, table, target
from deploy.services import STARTED
from tests.deploy.test_site import gateway
from tests.waiting import GENEROUS

ROUTE = [yaml.safe_load((FOLDER / "overlays/production/route.yaml").read_text())]
HEAD = b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: "
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")


def rule(name: str, **match: object) -> Manifest:
    return {"matches": [match], "backendRefs": [{"name": name, "port": 8000}]}


def prefix(value: str) -> dict[str, str]:
    return {"type": "PathPrefix", "value": value}


def exact(value: str) -> dict[str, str]:
    return {"type": "Exact", "value": value}


RULES = [
    rule("everything"),
    rule("short", path=prefix("/a")),
    rule("long", path=prefix("/a/b/")),
    rule("exact", path=exact("/a/b")),
    rule("posting", path=prefix("/a"), method="POST"),
    rule("header", path=prefix("/a"), headers=[{"name": "X-One", "value": "1"}]),
    rule("query", path=prefix("/a"), queryParams=[{"name": "page", "value": "2"}]),
    rule("later", path=prefix("/a")),
    rule("pattern", path={"type": "RegularExpression", "value": "/numbers/[0-9]+"}),
    {"matches": [{"path": exact("/old")}], "filters": [{"type": "RequestRedirect"}]},
    {"matches": [{"path": exact("/shared")}], "backendRefs": [{"name": "one"}, {"name": "other"}]},
]
ROUTES = [{"kind": "HTTPRoute", "spec": {"hostnames": ["api.example.com", "*.example.net"], "rules": RULES}}]


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/", "everything"),
        ("/ab", "everything"),
        ("/A", "everything"),
        ("/a", "short"),
        ("/a/", "short"),
        ("/a/c", "short"),
        ("/a/b", "exact"),
        ("/a/b/", "long"),
        ("/a/b/c", "long"),
        ("/numbers/17", "pattern"),
        ("/numbers/17/x", "everything"),
        ("/old", None),
        ("/shared", "one, other"),
    ],
)
def test_the_most_specific_match_wins_as_the_specification_says(path: str, name: str | None) -> None:
    """Exact, then the longest prefix, then the first rule. A rule without backends is answered by the Gateway."""
    assert target(ROUTES, path, "api.example.com") == name


@pytest.mark.parametrize(("host", "name"), [("a.b.example.net", "short"), ("example.net", None)])
def test_a_route_is_for_its_hosts(host: str, name: str | None) -> None:
    assert target(ROUTES, "/a", host) == name


def test_a_wildcard_is_at_least_one_label() -> None:
    assert [hosts("*.example.com", host) for host in ("a.example.com", "example.com", "aexample.com")] == [1, 0, 0]


def test_production_sends_all_paths_to_their_services() -> None:
    assert list(route_errors(ROUTE)) == []


def test_a_route_that_leads_elsewhere_is_found() -> None:
    changed = copy.deepcopy(ROUTE)
    changed[0]["spec"]["rules"][0]["matches"].append({"path": exact("/internal/events")})
    changed[0]["spec"]["rules"][1]["matches"][0]["path"] = exact("/users")
    found = list(route_errors(changed))
    assert "api.example.com/internal/events leads to auth-api, and must lead to no service" in found
    assert "api.example.com/users/7 leads to nobody, and must lead to users" in found


def test_a_route_may_also_lead_to_a_page() -> None:
    """To anything that is no service: it has what remains, and /internal too, which our gateway refuses by itself."""
    changed = copy.deepcopy(ROUTE)
    changed[0]["spec"]["rules"].append(rule("gateway", path=prefix("/")))
    assert list(route_errors(changed)) == []


@pytest.mark.parametrize(
    ("timeouts", "right"),
    [
        ({}, False),
        ({"request": "15m"}, True),
        ({"request": "0s"}, True),
        ({"request": "14m59s999ms"}, False),
        ({"request": "1h", "backendRequest": "15s"}, False),
        ({"backendRequest": "1h30m"}, False),
    ],
)
def test_an_export_is_not_cut_off(timeouts: dict[str, str], right: bool) -> None:
    changed = copy.deepcopy(ROUTE)
    changed[0]["spec"]["rules"][1]["timeouts"] = timeouts
    assert [error.partition(" ")[0] for error in route_errors(changed)] == ([] if right else ["users-api"])


@pytest.fixture(scope="module")
async def caddy(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[str]:
    """The address of our gateway in production, in front of services that answer with their names."""

    async def serve(service: str) -> asyncio.Server:
        async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(HEAD + f"{len(service)}\r\nX-Service: {service}\r\n\r\n{service}".encode())
            writer.close()

        return await asyncio.start_server(answer, "127.0.0.1", 0)

    async with AsyncExitStack() as running:
        upstreams = {}
        for service in STARTED:
            server = await running.enter_async_context(await serve(service))
            upstreams[f"{service.upper()}_UPSTREAM"] = f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
        folder = tmp_path_factory.mktemp("gateway")
        with gateway(folder, PROFILE="production", DOCS="", PAGE="off", SECURITY_CONTACT="", **upstreams) as client:
            yield str(client.base_url)


@pytest.mark.parametrize("method", METHODS)
async def test_our_gateway_sends_the_same_paths_to_the_same_services(caddy: str, method: str) -> None:
    async with httpx.AsyncClient(base_url=caddy, trust_env=False, timeout=GENEROUS) as client:
        for path, service in table().items():
            answer = await client.request(method, path)
            wanted = (200, service) if service else (404, None)
            assert (answer.status_code, answer.headers.get("X-Service")) == wanted, path
            assert target(ROUTE, path, "api.example.com") == (f"{service}-api" if service else None)
