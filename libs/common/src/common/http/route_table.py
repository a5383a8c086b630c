"""Finds a request's route by one regular expression for its method, where the framework tries each route in turn."""

import re
from typing import Final

from fastapi import APIRouter
from fastapi.routing import APIRoute
from starlette.types import ASGIApp, Receive, Scope, Send

PARAMETER: Final = re.compile(r"(\{[^}]*\})")


class RouteTable:
    """An app's routes, for its router to look into first.

    It chooses the route that the router would: the first one with this path and method. The router itself answers what
    is not here: other paths and methods, and paths below a proxy's prefix (`root_path`).
    """

    def __init__(self, router: APIRouter) -> None:
        """Raises TypeError for a route whose paths are not known: a mount, or one with a convertor."""
        self._router = router
        self._others: ASGIApp = router.app
        self._routers: dict[str, list[ASGIApp]] = {}
        paths: dict[str, list[str]] = {}
        for route in router.routes:
            if not isinstance(route, APIRoute) or route.path != route.path_format:
                raise TypeError(f"{route} cannot be in a table of routes")
            alone = APIRouter(routes=[route]).app
            for method in route.methods or ():
                self._routers.setdefault(method, []).append(alone)
                paths.setdefault(method, []).append(f"({pattern_of(route.path)})")
        self._paths = {method: re.compile("|".join(found)) for method, found in paths.items()}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope.setdefault("router", self._router)
        await self.find(scope)(scope, receive, send)

    def find(self, scope: Scope) -> ASGIApp:
        """The router for a request: of its route alone, or of all."""
        if scope["type"] != "http" or scope.get("root_path") or scope["method"] not in self._paths:
            return self._others
        found = self._paths[scope["method"]].fullmatch(scope["path"])
        return self._others if found is None else self._routers[scope["method"]][(found.lastindex or 1) - 1]


def pattern_of(path: str) -> str:
    return "".join("[^/]+" if part.startswith("{") else re.escape(part) for part in PARAMETER.split(path))
