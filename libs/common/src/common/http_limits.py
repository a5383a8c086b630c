"""uvicorn's HTTP protocol with the bounds that it lacks: of a request's head, in size and in time (S-33, R-29).

uvicorn collects a head of any size for as long as it takes. These are refused before the app sees them, the
connection is closed, and what has come of a head is never kept beyond the limit and one read from the socket.
The gateway has limits of its own in front (deploy/gateway/Caddyfile).
"""

import asyncio
import json
from http import HTTPStatus
from typing import Final

import structlog
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from common.envelope import SECURITY_HEADERS

log = structlog.get_logger()

MAX_URL: Final = 8 * 1024
MAX_HEADERS: Final = 16 * 1024
MAX_HEADER_LINES: Final = 100
HEAD_TIMEOUT: Final = 10.0
"""Seconds, from a head's first byte to its end."""
LINE_OVERHEAD: Final = 4
"""What `: ` and the line's end add to a header."""
REFUSALS: Final = {
    400: ("malformed-request", "This is not HTTP/1.1."),
    408: ("request-timeout", "The request's head did not come in time."),
    414: ("url-too-long", f"A URL may have {MAX_URL} bytes."),
    431: ("headers-too-large", f"Headers may have {MAX_HEADERS} bytes in {MAX_HEADER_LINES} lines."),
}


class TooLarge(Exception):
    """Ends the parsing of a head. It reaches the parser only, which reports it as an error of its own."""


class BoundedHttp(HttpToolsProtocol):
    """Refuses heads that are too large or too slow. A head that comes in one piece costs a few counts."""

    reading_head = False
    head_bytes = 0
    refusal = 400
    head_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as in uvicorn
        super().connection_made(transport)
        # Not sooner: the gateway keeps connections ready on which it has sent nothing yet, and may at any time.
        self.head_timer = self.loop.call_later(self.timeout_keep_alive, self.head_is_late)

    def connection_lost(self, exc: Exception | None) -> None:
        self.stop_timer()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        continued = self.reading_head
        super().data_received(data)
        if not self.reading_head:
            self.stop_timer()
            return
        if not continued:
            self.stop_timer()
            self.head_timer = self.loop.call_later(HEAD_TIMEOUT, self.head_is_late)
            return
        self.head_bytes += len(data)  # one long header reaches on_header only when it is complete
        if self.head_bytes > MAX_URL + MAX_HEADERS:
            self.refuse(431 if self.headers or self.url else 414)

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.reading_head = True
        self.head_bytes = 0
        self.header_bytes = 0

    def on_url(self, url: bytes) -> None:
        super().on_url(url)
        if len(self.url) > MAX_URL:
            self.refusal = 414
            raise TooLarge

    def on_header(self, name: bytes, value: bytes) -> None:
        super().on_header(name, value)
        self.header_bytes += len(name) + len(value) + LINE_OVERHEAD
        if self.header_bytes > MAX_HEADERS or len(self.headers) > MAX_HEADER_LINES:
            self.refusal = 431
            raise TooLarge

    def on_headers_complete(self) -> None:
        self.reading_head = False
        super().on_headers_complete()

    def send_400_response(self, msg: str) -> None:
        """uvicorn's way to end what cannot be parsed: here for each refusal, as a problem."""
        self.refuse(self.refusal)

    def head_is_late(self) -> None:
        if self.reading_head:
            self.refuse(408)
        else:
            self.transport.close()

    def stop_timer(self) -> None:
        if self.head_timer is not None:
            self.head_timer.cancel()
            self.head_timer = None

    def refuse(self, status: int) -> None:
        code, detail = REFUSALS[status]
        title = HTTPStatus(status).phrase
        log.info("request refused before it was read", status=status, code=code)
        body = {"type": f"urn:trivium:problem:{code}", "title": title, "status": status, "detail": detail, "code": code}
        content = json.dumps(body).encode()
        head = [
            b"content-type: application/problem+json",
            b"content-length: %d" % len(content),
            b"connection: close",
            *(b": ".join(header) for header in SECURITY_HEADERS),
        ]
        self.reading_head = False
        self.stop_timer()
        self.transport.write(STATUS_LINE[status] + b"\r\n".join(head) + b"\r\n\r\n" + content)
        self.transport.close()
