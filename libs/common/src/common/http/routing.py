"""The route class of all services: bodies are read strictly, and every route says who may use it."""

import asyncio
import json
from collections.abc import Callable, Coroutine, Sequence
from enum import StrEnum
from typing import Any, Final

from fastapi import APIRouter, Request, Response
from fastapi.routing import APIRoute
from starlette.requests import ClientDisconnect

from common import deadlines
from common.db.database import get_db
from common.http import etags, idempotency, rate_limits
from common.http.access import Access, access_of, dependencies_of
from common.http.paging import get_page
from common.http.problems import MalformedBody, Overloaded

MAX_BODY: Final = 1024 * 1024
MAX_DEPTH: Final = 32
MAX_NAMES: Final = 200
MAX_ITEMS: Final = 100
INTERNAL: Final = "/internal"
BODY_TIMEOUT: Final = 30.0
"""Seconds (S-33)."""
JSON: Final = "application/json"
FORM: Final = "application/x-www-form-urlencoded"

CLOSE: Final = {"Connection": "close"}
"""What may still come of a refused body is not the next request."""

Handler = Callable[[Request], Coroutine[Any, Any, Response]]


class StrictRequest(Request):
    """Reads a body within its size and time (S-32, S-33), and JSON as RFC 8259 means it, within limits (S-34)."""

    async def read(self, limit: int) -> None:
        """Have the whole body. Counted as it comes, since a chunked one does not say how long it is.

        Raises:
            MalformedBody: too large, too slow or cut short; `Overloaded` if all bodies together take too much memory.
        """
        # The rest of it is let pass, for a while: who is cut off while sending may never see why. Who waits to be told
        # to send it, will not.
        end = CLOSE if "expect" in self.headers else None
        too_large = MalformedBody(413, "body-too-large", f"The body may have {limit} bytes.", end)
        length = self.headers.get("content-length", "")
        if length.isdecimal() and int(length[:16]) > limit:  # refused before anything is read
            raise too_large
        load_shedder = self.app.state.load_shedder
        body = bytearray()
        try:
            async with asyncio.timeout(BODY_TIMEOUT):
                async for chunk in self.stream():
                    body += chunk
                    if not load_shedder.takes(len(chunk), len(body)):
                        load_shedder.refuse(self.scope)
                        raise Overloaded
                    if len(body) > limit:
                        raise too_large
        except TimeoutError as error:
            raise MalformedBody(408, "request-timeout", "The body did not come in time.", CLOSE) from error
        except ClientDisconnect as error:  # nobody hears the answer; it is no fault of ours, as the log would have it
            raise MalformedBody(400, "malformed-body", "The body ended too early.", CLOSE) from error
        finally:
            load_shedder.body_bytes -= len(body)
        self._body = bytes(body)  # where Request keeps it, for body(), json() and form()

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


class Priority(StrEnum):
    """What is given up first when there is more to do than can be done (`common.serving.load_shedding`)."""

    LISTS = "lists"
    ORDINARY = "ordinary"
    VITAL = "vital"
    """Without which others fail as well: keys, tokens, what services tell each other; and what admins do about it."""


class ServiceRoute(APIRoute):
    """A route with the conventions of the house, each decided once, when the route is built.

    It says who may use it, or is refused. Requests are counted, bodies read strictly, in time and within a size
    (chunked ones are counted as they come), answers tagged; and what creates does so once per `Idempotency-Key`.
    """

    max_body = MAX_BODY
    limited = True
    """Whether the general rate limit holds. Never for services."""
    vital = False
    """See `Priority`. Always for services and admins."""
    oauth = False
    """Whether its refusals are those of OAuth (`common.http.oauth`)."""

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
        self.creates = "POST" in methods and options.get("status_code") == 201
        if self.creates:
            parameters.append(idempotency.PARAMETER)
        options["responses"] = responses
        options["openapi_extra"] = {"parameters": parameters}
        super().__init__(path, endpoint, **options)

    @property
    def access(self) -> Access:
        """Who may use it."""
        return access_of(self.endpoint, self.dependant)

    @property
    def priority(self) -> Priority:
        """How much it matters. What answers in pages is a list or a search."""
        if self.vital or self.access in {Access.SERVICES, Access.ROLE}:
            return Priority.VITAL
        return Priority.LISTS if get_page in dependencies_of(self.dependant) else Priority.ORDINARY

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The innermost first: FastAPI's own handler, which ends with the serialised answer."""
        handle = super().get_route_handler()
        access = self.access
        if self.is_tagged:
            handle = etags.with_etag(handle)
        if self.creates:
            if get_db not in dependencies_of(self.dependant):
                raise TypeError(f"{self.endpoint.__qualname__} creates, so it must work in DbSession")
            handle = idempotency.with_idempotency(handle, knows_people=access is not Access.PUBLIC)
        if self.body_field is not None:
            handle = with_strict_body(handle, FORM if is_form(self) else JSON, self.max_body)
        if self.limited and access is not Access.SERVICES:
            handle = rate_limits.with_rate_limit(handle, knows_people=access is not Access.PUBLIC)
        return handle


def with_strict_body(handle: Handler, accepted: str, limit: int) -> Handler:
    """Read the whole body first: all of ours are small, and a slow one holds nothing but its connection."""

    async def handle_strictly(request: Request) -> Response:
        media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if media_type != accepted or "content-encoding" in request.headers:
            raise MalformedBody(415, "unsupported-media-type", f"The body must be plain {accepted}.")
        strict = StrictRequest(request.scope, request.receive)
        await strict.read(limit)
        if "ends_in" not in request.scope["state"]:  # nobody's clock runs: a slow upload takes no time from our calls
            deadlines.start(request.app.state.settings.call_deadline.total_seconds())
        return await handle(strict)

    return handle_strictly


def is_form(route: APIRoute) -> bool:
    return type(getattr(route.body_field, "field_info", None)).__name__ == "Form"


class SmallBodyRoute(ServiceRoute):
    """For forms and credentials (S-32)."""

    max_body = 16 * 1024


class TokenRoute(SmallBodyRoute):
    """For tokens: who cannot renew one is signed out everywhere, and signs in again, which costs far more."""

    vital = True
    oauth = True


class UnlimitedRoute(ServiceRoute):
    """For what must be had however often it is asked for: without the keys, no token is good anywhere."""

    limited = False
    vital = True


def service_router(prefix: str, tag: str, route_class: type[ServiceRoute] = ServiceRoute) -> APIRouter:
    """One router per domain."""
    return APIRouter(prefix=prefix, tags=[tag], route_class=route_class)


def internal_router() -> APIRouter:
    """Routes for other services. They are no part of the public API, nor of its document (`common.http.docs`)."""
    return APIRouter(prefix=INTERNAL, tags=["internal"], route_class=ServiceRoute)
