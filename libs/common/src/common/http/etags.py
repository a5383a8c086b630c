"""`ETag` on single resources, and conditional requests (RFC 9110, section 13).

Format: `"<version>-<16 hex digits>"`. The version is that of the resource's own row. The digits are a hash of the body,
so they change with everything else it shows: counters, the author's name, whether the viewer likes it.
`If-None-Match` compares all of it (304). `If-Match` compares only the version, so that a like does not make an edit
fail. Repositories compare it in the WHERE of the change itself (412), so of many edits with one tag only one succeeds.
On a route: a parameter `answer: WithETag` and `set_etag(answer, thing.version)`; for changes also `expected: IfMatch`.
"""

import inspect
import re
from collections.abc import Callable, Sequence
from hashlib import blake2b
from typing import Annotated, Any, Final

from fastapi import Depends, Header, Request, Response
from pydantic import WithJsonSchema

from common.http.deps import Handler
from common.ports import Versions

WithETag = Annotated[Response, "etag"]
"""The answer of a route with one resource. `common.http.routing` completes its tag once the body is known."""

TAG: Final = re.compile(r'(W/)?"([\x21\x23-\x7e\x80-\xff]*)"')
VERSION: Final = re.compile(r"([0-9]{1,9})(?:-[0-9a-f]*)?")
NONE_MATCH: Final = b"if-none-match"
VARY: Final = (b"vary", b"Authorization")
OF_UNCHANGED: Final = frozenset({b"etag", b"cache-control", VARY[0]})
"""Headers that a 304 repeats (RFC 9110, section 15.4.5)."""
NONE_MATCH_PARAMETER: Final[dict[str, Any]] = {
    "name": "If-None-Match",
    "in": "header",
    "required": False,
    "schema": {"type": "string"},
    "description": "`ETag`s that the caller has; 304 when nothing has changed since.",
}
ETAG_HEADER: Final[dict[str, Any]] = {
    "ETag": {"schema": {"type": "string"}, "description": "For `If-None-Match` and `If-Match`."}
}


def set_etag(answer: Response, version: int) -> None:
    """Set the version of the resource that the answer shows."""
    answer.headers["ETag"] = str(version)


def is_tagged(endpoint: Callable[..., Any]) -> bool:
    return any(parameter.annotation == WithETag for parameter in inspect.signature(endpoint).parameters.values())


def with_etag(handle: Handler) -> Handler:
    """Complete the tag of an answer, and send 304 without a body if the caller has it already."""

    async def handle_and_tag(request: Request) -> Response:
        response = await handle(request)
        # Uses the raw lists: Starlette's header views would cost ten times as much.
        headers = response.raw_headers
        place = next(index for index, header in enumerate(headers) if header[0] == b"etag")
        etag = b'"%b-%b"' % (headers[place][1], blake2b(response.body, digest_size=8).hexdigest().encode())
        headers[place] = (b"etag", etag)
        headers.append(VARY)
        if request.scope["method"] == "GET":
            conditions = [value.decode("latin-1") for name, value in request.scope["headers"] if name == NONE_MATCH]
            if conditions and has_already(conditions, etag.decode()):
                response = Response(status_code=304)
                response.raw_headers.extend(header for header in headers if header[0] in OF_UNCHANGED)
        return response

    return handle_and_tag


def has_already(conditions: Sequence[str], etag: str) -> bool:
    """`If-None-Match`, compared weakly: `W/` is ignored."""
    text = ",".join(conditions)
    return text.strip() == "*" or any(f'"{found}"' == etag for _, found in TAG.findall(text))


async def get_expected_versions(
    if_match: Annotated[
        list[str] | None,
        WithJsonSchema({"type": "string"}),  # several lines are one list (RFC 9110, section 5.3)
        Header(
            alias="If-Match", description="`ETag` of the version that the caller has seen; 412 if there is a newer."
        ),
    ] = None,
) -> Versions:
    """The versions that a change was meant for.

    Compared strongly, as RFC 9110 requires: a weak tag matches nothing, and neither does a tag that we never sent.
    """
    if if_match is None:
        return None
    text = ",".join(if_match)
    if text.strip() == "*":
        return None
    strong = (VERSION.fullmatch(found) for weak, found in TAG.findall(text) if not weak)
    return frozenset(int(match[1]) for match in strong if match)


IfMatch = Annotated[Versions, Depends(get_expected_versions)]
