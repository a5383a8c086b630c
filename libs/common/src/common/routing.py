"""The route class of all services: bodies are read strictly, and every route says who may use it."""

import json
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, Final

from fastapi import APIRouter, Request, Response
from fastapi.routing import APIRoute
from starlette.types import Message, Receive

from common.problems import MalformedBody

MAX_BODY: Final = 1024 * 1024
MAX_DEPTH: Final = 32
MAX_NAMES: Final = 200
MAX_ITEMS: Final = 100


class StrictRequest(Request):
    """Reads JSON as RFC 8259 means it, within limits (S-34)."""

    async def json(self) -> Any:
        raw = await self.body()
        try:
            # bytes that are no UTF-8 raise here; json would guess UTF-16 and UTF-32 from bytes
            text = raw.decode("utf-8")
            value = json.loads(text, object_pairs_hook=unique_names, parse_constant=refuse_constant)
        except RecursionError as error:
            raise MalformedBody(422, "body-too-deep", f"JSON may be nested {MAX_DEPTH} deep.") from error
        except json.JSONDecodeError:
            raise  # FastAPI's answer names the position
        except ValueError as error:  # not UTF-8, or an integer of thousands of digits
            raise MalformedBody(400, "malformed-body", "The body is not JSON in UTF-8.") from error
        check_shape(value)
        return value


def unique_names(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise MalformedBody(422, "duplicate-names", "A JSON object names something twice.")
    if len(found) > MAX_NAMES:
        raise MalformedBody(422, "body-too-large", f"A JSON object may have {MAX_NAMES} names.")
    return found


def refuse_constant(name: str) -> None:
    raise MalformedBody(422, "malformed-body", f"{name} is not JSON.")


def check_shape(value: Any) -> None:
    """Bound depth and lengths without recursion, level by level."""
    level, depth = [value], 0
    while level:
        depth += 1
        if depth > MAX_DEPTH:
            raise MalformedBody(422, "body-too-deep", f"JSON may be nested {MAX_DEPTH} deep.")
        below: list[Any] = []
        for item in level:
            if isinstance(item, dict):
                below += item.values()
            elif isinstance(item, list):
                if len(item) > MAX_ITEMS:
                    raise MalformedBody(422, "body-too-large", f"A JSON array may have {MAX_ITEMS} items.")
                below += item
        level = [item for item in below if isinstance(item, dict | list)]


def within(limit: int, receive: Receive) -> Receive:
    """`receive`, counting the body as it comes: chunked ones do not tell their length (S-32).

    FastAPI's `max_body_size` would count too, but it answers in plain text when Content-Length tells it.
    """
    size = 0

    async def receive_and_count() -> Message:
        nonlocal size
        message = await receive()
        size += len(message.get("body", b""))
        if size > limit:
            raise too_large(limit)
        return message

    return receive_and_count


def too_large(limit: int) -> MalformedBody:
    return MalformedBody(413, "body-too-large", f"The body may have {limit} bytes.")


class ServiceRoute(APIRoute):
    """A route that reads its body strictly and within a size."""

    max_body = MAX_BODY

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()
        if self.body_field is None:
            return handle
        accepted = "application/x-www-form-urlencoded" if is_form(self) else "application/json"

        async def handle_strictly(request: Request) -> Response:
            headers = request.headers
            media_type = headers.get("content-type", "").partition(";")[0].strip().lower()
            if media_type != accepted or "content-encoding" in headers:
                raise MalformedBody(415, "unsupported-media-type", f"The body must be plain {accepted}.")
            length = headers.get("content-length", "")
            if length.isdecimal() and int(length[:16]) > self.max_body:  # refused before anything is read
                raise too_large(self.max_body)
            return await handle(StrictRequest(request.scope, within(self.max_body, request.receive)))

        return handle_strictly


def is_form(route: APIRoute) -> bool:
    return type(getattr(route.body_field, "field_info", None)).__name__ == "Form"


class SmallBodyRoute(ServiceRoute):
    """For forms and credentials (S-32)."""

    max_body = 16 * 1024


def service_router(prefix: str, tag: str, route_class: type[ServiceRoute] = ServiceRoute) -> APIRouter:
    """One router per domain."""
    return APIRouter(prefix=prefix, tags=[tag], route_class=route_class)


def internal_router() -> APIRouter:
    """Routes for other services. They are no part of the public API, so its documents do not show them."""
    return APIRouter(prefix="/internal", tags=["internal"], route_class=ServiceRoute, include_in_schema=False)
