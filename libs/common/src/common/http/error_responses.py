"""Answers written to a connection without the app (`common.serving.http_limits`), as problems like all others."""

import json
from collections.abc import Sequence
from functools import cache
from http import HTTPStatus
from typing import Final

from uvicorn.protocols.http.httptools_impl import STATUS_LINE

from common.http import oauth
from common.http.middleware import EXPOSED, SECURITY_HEADERS, VARY
from common.http.problems import PROBLEM, ErrorForm, Overloaded

MAX_URL: Final = 8 * 1024
MAX_HEADERS: Final = 16 * 1024
MAX_HEADER_LINES: Final = 100
REFUSALS: Final = {
    400: ("malformed-request", "The request is not valid HTTP/1.1."),
    408: ("request-timeout", "The request's head did not arrive in time."),
    414: ("url-too-long", f"A URL may have {MAX_URL} bytes."),
    431: ("headers-too-large", f"Headers may have {MAX_HEADERS} bytes in {MAX_HEADER_LINES} lines."),
}
CLOSE: Final = b"connection: close\r\n"


def answer(
    status: int, code: str, detail: str, *more: bytes, for_oauth: bool = False, form: ErrorForm | None = None
) -> tuple[bytes, bytes]:
    """A problem as bytes: the head without its final empty line, and the body."""
    title = HTTPStatus(status).phrase
    body = {"type": f"urn:trivium:problem:{code}", "title": title, "status": status, "detail": detail, "code": code}
    media_type = oauth.MEDIA_TYPE if for_oauth else PROBLEM
    if form:
        media_type, body = form.media_type, form.change(body)
    content = json.dumps(body | oauth.members(status, detail) if for_oauth else body).encode()
    own = (b"content-type: " + media_type.encode(), b"content-length: %d" % len(content))
    lines = [*own, *more, *(b": ".join(header) for header in SECURITY_HEADERS)]
    return STATUS_LINE[status] + b"".join(line + b"\r\n" for line in lines), content


@cache
def overloaded(form: ErrorForm | None, *, for_oauth: bool) -> tuple[bytes, bytes]:
    more = (b"retry-after: 1", b": ".join(VARY))
    return answer(503, Overloaded.code, Overloaded.told, *more, for_oauth=for_oauth, form=form)


def last_answer(
    status: int, for_page: bytes = b"", *, for_oauth: bool, form: ErrorForm | None = None
) -> tuple[str, bytes]:
    """The code and bytes of a refusal that ends its connection. `for_page` are lines of `seen_by_pages`."""
    code, detail = REFUSALS[status]
    head, content = answer(status, code, detail, b": ".join(VARY), for_oauth=for_oauth, form=form)
    return code, head + for_page + CLOSE + b"\r\n" + content


def seen_by_pages(origins: Sequence[str]) -> dict[bytes, bytes]:
    """By origin: the CORS header lines that let its pages read an answer, `Retry-After` included."""
    exposed = f"access-control-expose-headers: {', '.join(EXPOSED)}"
    return {origin.encode(): f"access-control-allow-origin: {origin}\r\n{exposed}\r\n".encode() for origin in origins}
