"""uvicorn's HTTP protocol with the bounds that it lacks (S-33, R-17, R-29).

- Of a request's head, in size and in time. uvicorn collects a head of any size for as long as it takes; here it is
  refused before the app sees it, and never kept beyond the limit and one read from the socket.
- Of requests under way: what `common.admission` does not let in is answered at once, and nothing is made for it.
- Of the time that a client takes to read its answer, or to send the rest of a body that nobody reads any more.

The gateway has limits of its own in front (deploy/gateway/Caddyfile).
"""

import asyncio
import json
from http import HTTPStatus
from typing import Any, ClassVar, Final

import structlog
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

from common.admission import Admission
from common.envelope import SECURITY_HEADERS

log = structlog.get_logger()

MAX_URL: Final = 8 * 1024
MAX_HEADERS: Final = 16 * 1024
MAX_HEADER_LINES: Final = 100
HEAD_TIMEOUT: Final = 10.0
"""Seconds, from a head's first byte to its end."""
SEND_TIMEOUT: Final = 30.0
SEND_LEAST: Final = 64 * 1024
"""How much of its answer a client takes in so many seconds; or the rest of it."""
LINGER: Final = 5.0
"""Seconds for the rest of a body whose request is answered already: who is cut off sooner may miss the answer."""
LINE_OVERHEAD: Final = 4
"""What `: ` and the line's end add to a header."""
REFUSALS: Final = {
    400: ("malformed-request", "This is not HTTP/1.1."),
    408: ("request-timeout", "The request's head did not come in time."),
    414: ("url-too-long", f"A URL may have {MAX_URL} bytes."),
    431: ("headers-too-large", f"Headers may have {MAX_HEADERS} bytes in {MAX_HEADER_LINES} lines."),
}


CLOSE: Final = b"connection: close\r\n"


def answer(status: int, code: str, detail: str, *more: bytes) -> tuple[bytes, bytes]:
    """A problem as it goes over the wire: the head, less the empty line at its end, and the body."""
    title = HTTPStatus(status).phrase
    body = {"type": f"urn:trivium:problem:{code}", "title": title, "status": status, "detail": detail, "code": code}
    content = json.dumps(body).encode()
    own = (b"content-type: application/problem+json", b"content-length: %d" % len(content))
    lines = [*own, *more, *(b": ".join(header) for header in SECURITY_HEADERS)]
    return STATUS_LINE[status] + b"".join(line + b"\r\n" for line in lines), content


OVERLOADED: Final = answer(
    503, "overloaded", "More is asked for than can be done just now; try again in a moment.", b"retry-after: 1"
)


class TooLarge(Exception):
    """Ends the parsing of a head. It reaches the parser only, which reports it as an error of its own."""


class BoundedHttp(HttpToolsProtocol):
    """Refuses heads that are too large or too slow. A head that comes in one piece costs a few counts."""

    admission: ClassVar[Admission]
    reading_head = False
    reading_body = False
    head_bytes = 0
    refusal = 400
    head_timer: asyncio.TimerHandle | None = None
    send_timer: asyncio.TimerHandle | None = None
    linger_timer: asyncio.TimerHandle | None = None

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.admission.tasks = self.tasks

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as in uvicorn
        super().connection_made(transport)
        # Not sooner: the gateway keeps connections ready on which it has sent nothing yet, and may at any time.
        self.head_timer = self.loop.call_later(self.timeout_keep_alive, self.head_is_late)

    def connection_lost(self, exc: Exception | None) -> None:
        self.admission.uploads.discard(self)
        for timer in (self.head_timer, self.send_timer, self.linger_timer):
            if timer is not None:
                timer.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        continued = self.reading_head
        super().data_received(data)
        if self.reading_head:
            self.head_goes_on(len(data), continued=continued)
            return
        self.stop_timer()
        if self.reading_body:
            if not self.cycle.response_complete:
                self.admission.uploads.add(self)
            elif self.linger_timer is None:
                self.linger_timer = self.loop.call_later(LINGER, self.shutdown)  # uvicorn's: after what runs, if any

    def head_goes_on(self, received: int, *, continued: bool) -> None:
        if not continued:
            self.stop_timer()
            self.head_timer = self.loop.call_later(HEAD_TIMEOUT, self.head_is_late)
            return
        self.head_bytes += received  # one long header reaches on_header only when it is complete
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
        name = name.lower()  # as uvicorn does it, but in one call: requests have ten of them
        if name == b"expect" and value.lower() == b"100-continue":
            self.expect_100_continue = True
        self.headers.append((name, value))
        self.header_bytes += len(name) + len(value) + LINE_OVERHEAD
        if self.header_bytes > MAX_HEADERS or len(self.headers) > MAX_HEADER_LINES:
            self.refusal = 431
            raise TooLarge

    def on_headers_complete(self) -> None:
        self.reading_head = False
        super().on_headers_complete()
        self.reading_body = True

    def on_message_complete(self) -> None:
        self.reading_body = False
        self.admission.uploads.discard(self)
        super().on_message_complete()

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        """Where uvicorn begins a request, also one that waited for the answer before it on the same connection."""
        if self.admission.admits(cycle.scope):
            super()._start_asgi_task(cycle, app)
        else:
            self.shed(cycle)

    def shed(self, cycle: RequestResponseCycle) -> None:
        """Answer that there is too much to do. A body that still comes is let pass, for a while."""
        head, content = OVERLOADED
        # Who waits for `100 Continue` will not send its body now, so where the next request starts is anybody's guess.
        last = not cycle.keep_alive or cycle.waiting_for_100_continue or bool(self.pipeline)
        ending = CLOSE + b"\r\n" if last else b"\r\n"
        self.transport.write(head + ending + (b"" if cycle.scope["method"] == "HEAD" else content))
        cycle.response_started = cycle.response_complete = True
        if last:
            self.transport.close()
        cycle.on_response()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self.admission.uploads.discard(self)
        if self.transport.is_closing():
            self.expect_reading()  # closing waits until everything is read

    def pause_writing(self) -> None:
        """The client is 64 KiB behind with reading."""
        super().pause_writing()
        self.expect_reading()

    def resume_writing(self) -> None:
        super().resume_writing()
        if self.send_timer is not None:
            self.send_timer.cancel()
            self.send_timer = None

    def expect_reading(self) -> None:
        if self.send_timer is None:
            unread = self.transport.get_write_buffer_size()
            self.send_timer = self.loop.call_later(SEND_TIMEOUT, self.check_reading, unread)

    def check_reading(self, before: int) -> None:
        self.send_timer = None
        if before - self.transport.get_write_buffer_size() < SEND_LEAST:
            self.transport.abort()
        else:
            self.expect_reading()

    def timeout_keep_alive_handler(self) -> None:
        """An idle connection ends. With an answer still unread, closing it would wait for its reader for ever."""
        if self.transport.get_write_buffer_size():
            self.transport.abort()
        else:
            super().timeout_keep_alive_handler()

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
        log.info("request refused before it was read", status=status, code=code)
        head, content = answer(status, code, detail)
        self.reading_head = self.reading_body = False
        self.stop_timer()
        self.transport.write(head + CLOSE + b"\r\n" + content)
        self.transport.close()


def bounded_http(limit: Admission) -> type[BoundedHttp]:
    """The protocol of a server, which makes one for each connection."""

    class Http(BoundedHttp):
        admission = limit

    return Http
