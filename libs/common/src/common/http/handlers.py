"""A route's handler, prepared when the route is built. It answers as FastAPI's own would.

FastAPI walks a route's tree of dependencies for every request, and asks each what kind of function it is. That is a
quarter of a read's processor time. Here the tree is walked once, and a request runs a list of steps. FastAPI's own
functions still read and validate parameters and bodies, and serialise results. A route that needs anything else keeps
FastAPI's handler. A test compares the answers of both for every route.
"""

import inspect
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from fastapi import FastAPI, Request, Response
from fastapi._compat import ModelField, get_cached_model_fields, is_scalar_field
from fastapi.datastructures import DefaultPlaceholder
from fastapi.dependencies.models import Dependant
from fastapi.dependencies.utils import request_body_to_args, request_params_to_args
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute, serialize_response
from pydantic import BaseModel
from pydantic_core import PydanticUndefined
from starlette.datastructures import FormData, QueryParams
from starlette.types import ASGIApp, Receive, Scope, Send

from common.http.deps import Handler

STACK: Final = "trivium.stack"
"""Key in a request's scope: closes its dependencies, such as the transaction, before the answer is sent."""
NOT_SET: Final = 0
"""The status of an answer whose route has not chosen one."""
FAILED: Final = object()
"""The value of a dependency whose parameters are wrong."""
UNKNOWN: Final = ("cookie_params", "websocket_param_name", "http_connection_param_name", "background_tasks_param_name")
UNKNOWN_BELOW: Final = ("body_params", "own_oauth_scopes", "parent_oauth_scopes", "security_scopes_param_name")
CONSTANTS: Final = (type(None), bool, int, float, str)
NOTHING: Final = QueryParams()


class NotPrepared(Exception):
    """The route needs FastAPI's own handler."""


class Parameters:
    """The parameters of a call in the path, or in the query."""

    def __init__(self, place: str, fields: Sequence[ModelField]) -> None:
        self.place = place
        self.fields = fields
        infos = [(one, one.field_info) for one in fields]
        known = [
            one for one, info in infos if info.validation_alias in {None, one.alias} and info.default_factory is None
        ]
        found, _ = request_params_to_args(known, NOTHING)
        self.defaults = {name: value for name, value in found.items() if isinstance(value, CONSTANTS)}
        """Values of parameters that a request does not have."""
        self.scalars = {one.name for one in known if is_scalar_field(one)}

    def read(self, given: Mapping[str, Any], values: dict[str, Any], wrong: list[Any]) -> None:
        """Add the values of a request, and what is wrong with them."""
        for field in self.fields:
            name, alias = field.name, field.alias
            if name in self.defaults and alias not in given:
                values[name] = self.defaults[name]
            elif name in self.scalars and alias in given:
                values[name], errors = field.validate(given[alias], loc=(self.place, alias))
                wrong += errors
            else:
                found, errors = request_params_to_args([field], given)
                values |= found
                wrong += errors


def body_reader(route: APIRoute, *, is_form: bool) -> Callable[[Any], Awaitable[tuple[dict[str, Any], list[Any]]]]:
    """Makes arguments of a body, and lists what is wrong with it."""
    fields = route.dependant.body_params
    if is_form and len(fields) == 1 and is_plain_form(fields[0].field_info.annotation):
        form = fields[0]

        async def read_form(given: FormData) -> tuple[dict[str, Any], list[Any]]:
            """As FastAPI: an empty field counts as missing, and the last one of a name counts."""
            value, wrong = form.validate({name: text for name, text in given.items() if text}, loc=("body",))
            return {form.name: value}, wrong

        return read_form

    async def read(given: Any) -> tuple[dict[str, Any], list[Any]]:
        return await request_body_to_args(fields, given, route._embed_body_fields)

    return read


def is_plain_form(model: Any) -> bool:
    """Whether a form's fields are single values under their own names; others are ignored."""
    if not (isinstance(model, type) and issubclass(model, BaseModel)):
        return False
    fields = get_cached_model_fields(model)
    return model.model_config.get("extra", "ignore") == "ignore" and all(
        is_scalar_field(one) and one.alias == one.name and one.field_info.validation_alias is None for one in fields
    )


@dataclass(frozen=True, slots=True)
class Step:
    """A call of a dependency, or of the route's function itself, which is the last step."""

    call: Callable[..., Any]
    needs: Sequence[tuple[str, int]]
    """Arguments that are results of earlier steps, by their numbers."""
    dependant: Dependant
    is_generator: bool
    path: Parameters
    query: Parameters

    def arguments(self, request: Request, answer: Response, results: Sequence[Any]) -> tuple[dict[str, Any], list[Any]]:
        """The arguments, and what is wrong with them."""
        known, wrong = self.dependant, list[Any]()
        values = {name: results[place] for name, place in self.needs}
        if self.path.fields:
            self.path.read(request.path_params, values, wrong)
        if self.query.fields:
            self.query.read(request.query_params if request.scope["query_string"] else NOTHING, values, wrong)
        if known.header_params:
            found, errors = request_params_to_args(known.header_params, request.headers)
            values |= found
            wrong += errors
        if known.request_param_name:
            values[known.request_param_name] = request
        if known.response_param_name:
            values[known.response_param_name] = answer
        return values, wrong


def steps_of(dependant: Dependant) -> list[Step]:
    """All calls of a route in their order, each once.

    Raises:
        NotPrepared: one of them needs what only FastAPI does.
    """
    steps: list[Step] = []
    places: dict[Callable[..., Any], int] = {}

    def add(known: Dependant, *, is_route: bool = False) -> int:
        call = known.call
        if call is None or any(getattr(known, name) for name in UNKNOWN) or known.concurrency is not None:
            raise NotPrepared
        if not is_route and (not known.use_cache or any(getattr(known, name) for name in UNKNOWN_BELOW)):
            raise NotPrepared
        if call in places:
            return places[call]
        needs = [(below.name, add(below)) for below in known.dependencies]
        steps.append(step(known, [(name, place) for name, place in needs if name is not None]))
        places[call] = len(steps) - 1
        return places[call]

    add(dependant, is_route=True)
    return steps


def step(known: Dependant, needs: Sequence[tuple[str, int]]) -> Step:
    call: Any = known.call
    function = call if inspect.isroutine(call) else type(call).__call__
    is_generator = inspect.isasyncgenfunction(function)
    if not (inspect.iscoroutinefunction(function) or (is_generator and known.scope == "function")):
        raise NotPrepared
    path, query = Parameters("path", known.path_params), Parameters("query", known.query_params)
    return Step(asynccontextmanager(call) if is_generator else call, needs, known, is_generator, path, query)


def prepared_handler(route: APIRoute, *, is_form: bool) -> Handler:
    """A handler that answers as FastAPI's own.

    Raises:
        NotPrepared: the route needs FastAPI's.
    """
    is_plain = isinstance(route.response_class, DefaultPlaceholder)
    status = route.status_code or 200
    if not is_plain or (route.response_field is None and status != 204) or route.stream_item_field is not None:
        raise NotPrepared
    *before, last = steps_of(route.dependant)
    body_fields = route.dependant.body_params
    read_body = body_reader(route, is_form=is_form)
    media_type = getattr(route, "media_type", "application/json")
    serialise = partial(
        serialize_response,
        field=route.response_field,
        include=route.response_model_include,
        exclude=route.response_model_exclude,
        by_alias=route.response_model_by_alias,
        exclude_unset=route.response_model_exclude_unset,
        exclude_defaults=route.response_model_exclude_defaults,
        exclude_none=route.response_model_exclude_none,
        dump_json=True,
    )

    async def handle(request: Request) -> Response:
        body: Any = PydanticUndefined
        if body_fields:
            body = await (request.form() if is_form else read_json(request))
        answer = Response()
        del answer.headers["content-length"]
        answer.status_code = NOT_SET
        results: list[Any] = []
        errors: list[Any] = []
        for one in before:
            values, wrong = one.arguments(request, answer, results)
            errors += wrong
            if errors and (wrong or FAILED in values.values()):
                results.append(FAILED)
            elif one.is_generator:
                stack: AsyncExitStack = request.scope[STACK]
                results.append(await stack.enter_async_context(one.call(**values)))
            else:
                results.append(await one.call(**values))
        values, wrong = last.arguments(request, answer, results)
        errors += wrong
        if body_fields:
            found, wrong = await read_body(body)
            values |= found
            errors += wrong
        if errors:
            raise RequestValidationError(errors, body=None if body is PydanticUndefined else body)
        result = await last.call(**values)
        if isinstance(result, Response):
            return result
        content = b"" if status == 204 else await serialise(response_content=result)
        response = Response(content, answer.status_code or status, media_type=media_type)
        response.raw_headers += answer.raw_headers
        return response

    return handle


async def read_json(request: Request) -> Any:
    if not await request.body():
        return PydanticUndefined
    try:
        return await request.json()
    except json.JSONDecodeError as error:
        problem = {"type": "json_invalid", "loc": ("body", error.pos), "msg": "JSON decode error", "input": {}}
        raise RequestValidationError([{**problem, "ctx": {"error": error.msg}}], body=error.doc) from error


def as_app(handle: Handler, with_overrides: Callable[[FastAPI], ASGIApp]) -> ASGIApp:
    """Runs a prepared handler. Exceptions are answered by the app's middleware, after everything is closed.

    `with_overrides` makes FastAPI's handler, for tests that replace dependencies (`app.dependency_overrides`).
    """

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["app"].dependency_overrides:
            await with_overrides(scope["app"])(scope, receive, send)
            return
        async with AsyncExitStack() as stack:
            scope[STACK] = stack
            response = await handle(Request(scope, receive, send))
        await response(scope, receive, send)

    return app
