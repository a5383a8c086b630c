"""Request bodies, read strictly: within their size and time (S-32, S-33), and JSON strictly by RFC 8259 (S-34)."""

import asyncio
import json
from collections.abc import Sequence
from typing import Any, Final

from fastapi import Request, Response
from starlette.requests import ClientDisconnect

from common import deadlines
from common.http.deps import Handler
from common.http.problems import MalformedBody, Overloaded

MAX_BODY: Final = 1024 * 1024
MAX_DEPTH: Final = 32
MAX_NAMES: Final = 200
MAX_ITEMS: Final = 100
BODY_TIMEOUT: Final = 30.0
"""Seconds (S-33)."""
JSON: Final = "application/json"
FORM: Final = "application/x-www-form-urlencoded"
CLOSE: Final = {"Connection": "close"}
"""The rest of a refused body must not be read as the next request."""


def with_strict_body(handle: Handler, accepted: str, limit: int) -> Handler:
    """Read the whole body first: all of ours are small, and a slow one holds only its connection."""

    async def handle_strictly(request: Request) -> Response:
        media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if media_type != accepted or "content-encoding" in request.headers:
            raise MalformedBody(415, "unsupported-media-type", f"The body must be plain {accepted}.")
        strict = StrictRequest(request.scope, request.receive)
        await strict.read(limit)
        if "ends_in" not in request.scope["state"]:  # no deadline was sent: a slow upload takes no time from our calls
            deadlines.start(request.app.state.settings.call_deadline.total_seconds())
        return await handle(strict)

    return handle_strictly


class StrictRequest(Request):
    """Reads a body within its size and time (S-32, S-33), and JSON strictly by RFC 8259, within limits (S-34)."""

    async def read(self, limit: int) -> None:
        """Read the whole body. Bytes are counted as they arrive, since a chunked body has no length.

        Raises:
            MalformedBody: too large, too slow or cut short; `Overloaded` if all bodies together take too much memory.
        """
        # The rest is read and dropped for a while: a client whose upload is cut off may never read the answer. A client
        # that waits for `100 Continue` will not send the rest.
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
            raise MalformedBody(408, "request-timeout", "The body did not arrive in time.", CLOSE) from error
        except ClientDisconnect as error:  # nobody reads the answer; the log must not show a fault of ours
            raise MalformedBody(400, "malformed-body", "The body ended too early.", CLOSE) from error
        finally:
            load_shedder.body_bytes -= len(body)
        self._body = bytes(body)  # where Request keeps it, for body(), json() and form()

    async def json(self) -> Any:
        raw = await self.body()
        try:
            # Bytes that are not UTF-8 raise here; json.loads would guess UTF-16 and UTF-32 from bytes.
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
        raise MalformedBody(422, "duplicate-names", "A JSON object has a duplicate name.")
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
