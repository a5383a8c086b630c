"""Prepared handlers answer as FastAPI's own, for every route of every service."""

import copy
import inspect
import json
from collections.abc import AsyncGenerator, Callable
from contextlib import AsyncExitStack
from dataclasses import replace
from typing import Annotated, Any
from urllib.parse import urlencode

import pytest
from fastapi import Depends, FastAPI, Query, Request, Response
from fastapi.dependencies.models import Dependant
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute, request_response
from starlette.types import ASGIApp

from common.http.access import public
from common.http.handlers import NotPrepared, as_app, prepared_handler
from common.http.routing import ServiceRoute, is_form, service_router
from deploy.services import SERVICES
from tests.common.conftest import probe_app, probing
from tests.common.test_routes import app_of, routes

Call = Callable[..., Any]
QUERIES = (
    "",
    "limit=2&sort=top&q=night&author_id=7&tag=a&cursor=x&name=ada&ids=1&ids=2&after=3&since=5&by=1&role=admin",
    "limit=0&sort=worst&q=&author_id=x&ids=x&ids=&after=-1&account_id=",
    "limit=2&limit=3&unknown=1",
)
HEADERS: tuple[dict[str, str], ...] = ({}, {"if-match": '"3-ab", W/"4"'})
WITH_FASTAPIS = {
    "/auth/account/deletion",
    "/auth/accounts/{account_id}/deletion",
    "/auth/verify-email",
    "/auth/password-reset",
    "/auth/email",
    "/auth/revoke",
    "/auth/providers/{name}/authorize",
    "/auth/providers/{name}/callback",
    "/posts/pictures/{file}",
    "/users/pictures/{file}",
    "/posts/feeds/latest.atom",
    "/posts/feeds/people/{author_id}.atom",
    "/posts/feeds/tags/{tag}.atom",
}
"""Their answers have no body, or are redirects, feeds or pictures, so they have a class of their own."""


def service_routes(service: str) -> list[ServiceRoute]:
    return [route for route in routes(app_of(service)) if isinstance(route, ServiceRoute)]


def without_surroundings(known: Dependant, made: dict[Call | None, Call], *, is_route: bool = True) -> Dependant:
    """The same parameters, but all that asks a database or an app returns its arguments instead."""
    below = [without_surroundings(one, made, is_route=False) for one in known.dependencies]
    name = getattr(known.call, "__qualname__", type(known.call).__qualname__)
    hidden = {known.request_param_name, known.response_param_name}

    async def call(**values: Any) -> Any:
        given = f"{name}({ {key: value for key, value in sorted(values.items()) if key not in hidden} })"
        return Response(given) if is_route else given

    async def generate(**values: Any) -> AsyncGenerator[Any]:
        yield await call(**values)

    takes_parameters = known.query_params or known.header_params
    if is_route or not takes_parameters or known.request_param_name:
        stand_in: Call = generate if inspect.isasyncgenfunction(known.call) else call
        return replace(known, call=made.setdefault(known.call, stand_in), dependencies=below)
    return replace(known, dependencies=below)


def examples(route: APIRoute) -> list[bytes]:
    if route.body_field is None:
        return [b""]
    fields = getattr(route.body_field.field_info.annotation, "model_fields", {})
    example = {name: field.examples[0] for name, field in fields.items() if field.examples}
    if is_form(route):
        twice = [b"username=a&username=b&token=a&token=b", b"username=a&username=&token=a&token=", b"x=1&x=2&scope=%00"]
        whole = b"username=a&password=b&grant_type=password&scope=&token=t"
        return [b"", b"x=1", urlencode(example).encode(), whole, b"grant_type=%00&token=%00", *twice]
    whole = json.dumps(example).encode()
    return [b"", b"{", b"[]", b"{}", b'"x"', b'{"events":[]}', whole, whole[:-1] + b',"unknown":1}']


async def outcome(handler: ASGIApp, scope: dict[str, Any], body: bytes) -> tuple[str, Any]:
    """What the route's function was called with, or what was wrong."""
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    try:
        async with AsyncExitStack() as stack:
            await handler({**scope, "fastapi_middleware_astack": stack}, receive, send)
    except RequestValidationError as error:
        return "refused", repr((error.errors(), error.body))
    except ValueError as error:
        return "raised", repr(error)
    return "called", sent[1]["body"]


@pytest.mark.parametrize("service", SERVICES)
async def test_a_route_is_called_as_fastapi_would_call_it(service: str) -> None:
    app, compared, kinds = FastAPI(), 0, set()
    for route in service_routes(service):
        bare = copy.copy(route)
        bare.dependant = without_surroundings(route.dependant, {})
        fastapis = request_response(APIRoute.get_route_handler(bare))
        try:
            ours = as_app(prepared_handler(bare, is_form=is_form(route)), bare.with_overrides)
        except NotPrepared:
            assert route.path in WITH_FASTAPIS
            continue
        kind = "application/x-www-form-urlencoded" if is_form(route) else "application/json"
        names = [field.alias for field in route.dependant.path_params]
        for value in ("7", "x") if names else ("",):
            for query in QUERIES:
                for headers in HEADERS:
                    for body in examples(route):
                        scope = {
                            "type": "http",
                            "method": min(route.methods or ()),
                            "path": route.path,
                            "query_string": query.encode(),
                            "headers": [(b"content-type", kind.encode())]
                            + [(name.encode(), given.encode()) for name, given in headers.items()],
                            "path_params": dict.fromkeys(names, value),
                            "app": app,
                        }
                        expected = await outcome(fastapis, dict(scope), body)
                        assert await outcome(ours, dict(scope), body) == expected, (route.path, query, body)
                        compared += 1
                        kinds.add(expected[0])
    assert compared > 200
    assert {"refused", "called"} <= kinds


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/probe/items/7", None),
        ("GET", "/probe/items/x", None),
        ("GET", "/probe/who", None),
        ("GET", "/probe/teapot", None),
        ("POST", "/probe/notes", b'{"text":"x"}'),
        ("POST", "/probe/notes", b'{"text":1}'),
        ("POST", "/probe/notes", b'{"text"'),
        ("POST", "/probe/notes", b""),
        ("POST", "/small/forms", b"text=a+b"),
        ("DELETE", "/probe/nothing", None),
        ("PUT", "/probe/made", None),
        ("GET", "/probe/own", None),
        ("GET", "/probe/chosen", None),
    ],
)
async def test_an_answer_is_fastapis_to_the_byte(method: str, path: str, body: bytes | None) -> None:
    answers = []
    for by_fastapi in (False, True):
        app = probe_app()
        router = service_router("/probe", "probe")

        @router.delete("/nothing", status_code=204)
        @public
        async def nothing() -> None: ...

        @router.put("/made", status_code=202)
        @public
        async def made(answer: Response) -> dict[str, str]:
            answer.headers["X-Made"] = "yes"
            return {"made": "é"}

        @router.get("/chosen")
        @public
        async def chosen(answer: Response) -> dict[str, str]:
            answer.status_code = 203
            return {}

        @router.get("/own")
        @public
        async def own() -> Response:
            return Response("own", 203)

        app.router.routes.extend(router.routes)
        found = [route for route in app.routes if isinstance(route, ServiceRoute)]
        assert len(found) > 8
        for route in found:
            if by_fastapi:
                route.app = request_response(route.get_route_handler())
        kind = "application/x-www-form-urlencoded" if path.endswith("forms") else "application/json"
        headers = {"X-Request-ID": "compared-1", **({} if body is None else {"Content-Type": kind})}
        async with probing(app) as client:
            reply = await client.request(method, path, content=body, headers=headers)
        answers.append((reply.status_code, sorted(reply.headers.multi_items()), reply.content))
    assert answers[0] == answers[1]


async def test_tests_may_replace_dependencies_in_fastapis_way() -> None:
    async def real(name: str = "real") -> str:
        return name

    async def replaced(other: str = "replaced") -> str:
        return other

    app = probe_app()
    router = service_router("/probe", "probe")

    @router.get("/named")
    @public
    async def named(request: Request, name: Annotated[str, Depends(real)]) -> dict[str, str]:
        return {"name": name}

    app.router.routes.extend(router.routes)
    async with probing(app) as client:
        assert (await client.get("/probe/named?name=a")).json() == {"name": "a"}
        app.dependency_overrides[real] = replaced
        assert (await client.get("/probe/named?name=a&other=b")).json() == {"name": "b"}
        assert (await client.get("/probe/named")).json() == {"name": "replaced"}
        app.dependency_overrides[real] = lambda: "fake"
        assert (await client.get("/probe/named")).json() == {"name": "fake"}
        app.dependency_overrides.clear()
        assert (await client.get("/probe/named")).json() == {"name": "real"}


async def test_a_default_factory_is_called_for_each_request() -> None:
    app = probe_app()
    router = service_router("/probe", "probe")
    numbers = iter(range(100))

    @router.get("/numbered")
    @public
    async def numbered(number: Annotated[int, Query(default_factory=lambda: next(numbers))]) -> dict[str, int]:
        return {"number": number}

    app.router.routes.extend(router.routes)
    async with probing(app) as client:
        first, second = [(await client.get("/probe/numbered")).json()["number"] for _ in range(2)]
    assert first < second


async def test_a_router_may_be_included_below_a_prefix() -> None:
    app = probe_app()
    router = service_router("/things", "probe")

    @router.get("/{thing_id}")
    @public
    async def thing(thing_id: int) -> dict[str, int]:
        return {"id": thing_id}

    app.include_router(router, prefix="/v1")
    async with probing(app) as client:
        assert (await client.get("/v1/things/7")).json() == {"id": 7}
