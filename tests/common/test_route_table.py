"""The table chooses the route that the framework's router would: the first one with this path and method."""

import re
from itertools import product
from typing import Any

import pytest
from fastapi import APIRouter, FastAPI
from fastapi.staticfiles import StaticFiles
from httpx import AsyncClient
from starlette.routing import BaseRoute, Match, Mount

from common.http.route_table import RouteTable
from deploy.services import SERVICES
from tests.common.test_routes import app_of

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "CONNECT")
WORDS = ("7", "tags", "x.atom", "a\nb", "")
ENDINGS = ("", "/", "x", "/7")
PARAMETER = re.compile(r"\{\w+\}")


def scope(method: str, path: str, **more: Any) -> dict[str, Any]:
    return {"type": "http", "method": method, "path": path, "headers": [], **more}


def by_router(app: FastAPI, given: dict[str, Any]) -> BaseRoute | None:
    return next((route for route in app.routes if route.matches(given)[0] is Match.FULL), None)


def by_table(app: FastAPI, given: dict[str, Any]) -> BaseRoute | None:
    """None if all routes are to be tried."""
    table = app.router.middleware_stack
    assert isinstance(table, RouteTable)
    router: APIRouter = table.find(given).__self__  # type: ignore[attr-defined]
    return None if router is app.router else router.routes[0]


@pytest.mark.parametrize("service", SERVICES)
def test_each_path_has_the_route_that_the_router_finds(service: str) -> None:
    app = app_of(service)
    patterns = {str(getattr(route, "path", None)) for route in app.routes}
    paths = {PARAMETER.sub(word, path) + ending for path, word, ending in product(patterns, WORDS, ENDINGS)}
    chosen = set()
    for method, path in product(METHODS, paths):
        given = scope(method, path)
        found = by_table(app, given)
        assert found is by_router(app, given), (method, path)
        chosen.add(found and getattr(found, "path", None))
    assert chosen == {*patterns, None}


def test_a_path_below_a_prefix_is_the_routers() -> None:
    app = app_of("auth")
    assert by_table(app, scope("GET", "/auth/me")) is not None
    assert by_table(app, scope("GET", "/api/auth/me", root_path="/api")) is None


async def test_a_route_that_is_added_later_is_found(probe: AsyncClient) -> None:
    app: FastAPI = probe._transport.app  # type: ignore[attr-defined]

    @app.get("/later")
    def later() -> dict[str, str]:
        return {"path": app.url_path_for("later")}

    assert (await probe.get("/later")).json() == {"path": "/later"}
    assert (await probe.post("/later")).status_code == 405


def test_only_plain_paths_are_put_into_it() -> None:
    with_convertor = APIRouter()
    with_convertor.add_api_route("/files/{name:path}", scope)
    for router in (with_convertor, APIRouter(routes=[Mount("/static", StaticFiles(check_dir=False))])):
        with pytest.raises(TypeError, match="cannot be in a table"):
            RouteTable(router)
