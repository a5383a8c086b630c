"""uvicorn's HTTP protocol with the limits that it lacks (S-33, R-17, R-29).

- Request heads, in size and time. uvicorn buffers a head of any size for any time. Here it is refused before the app
  sees it, and at most the limit and one read from the socket are buffered. The same holds for trailers, which the app
  never sees.
- Running requests: those that `common.serving.load_shedding` does not admit are answered at once, before any work.
- The time that a client takes to read its answer, or to send the rest of a body that is no longer read.

An `Upgrade` offer is removed from the head (`common.serving.upgrades`).
The gateway has limits of its own in front (deploy/gateway/Caddyfile).
"""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar, Final, cast

import structlog
from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

from common.http.error_responses import (
    CLOSE,
    MAX_HEADER_LINES,
    MAX_HEADERS,
    MAX_URL,
    last_answer,
    overloaded,
    seen_by_pages,
)
from common.http.problems import ErrorForm
from common.serving.draining import CLOSE as LAST_ANSWER
from common.serving.load_shedding import LoadShedder, plain_request
from common.serving.slow_clients import Exchange, ImpatientHttp, WatchedTransport
from common.serving.upgrades import OFFER, PlainParser

log = structlog.get_logger()

HEAD_TIMEOUT: Final = 10.0
"""Seconds, from a head's first byte to its end."""
LINGER: Final = 5.0
"""Seconds for the rest of a body whose request is answered: a client that is cut off earlier may miss the answer."""
MOST_PIPELINED: Final = 16
"""Requests that a client may send before the first is answered: each is buffered as a whole. Browsers send none."""
ANY_ORIGIN: Final = b"*"
LINE_OVERHEAD: Final = 4
"""The bytes of `: ` and the line end of a header."""


class TooLarge(Exception):
    """Ends the parsing of a head. Only the parser sees it, and reports it as an error of its own."""


class BoundedHttp(ImpatientHttp):
    """Refuses heads that are too large or too slow. A head that arrives in one piece costs only a few counters."""

    load_shedder: ClassVar[LoadShedder]
    for_pages: ClassVar[dict[bytes, bytes]]
    error_form: ClassVar[ErrorForm | None] = None
    reading_head = False
    reading_body = False
    offers_upgrade = False
    head_bytes = 0
    body_bytes = 0
    refusal = 400
    url = b""
    exchange: Exchange | None = None
    head_timer: asyncio.TimerHandle | None = None
    linger_timer: asyncio.TimerHandle | None = None

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.parser = PlainParser(self.parser, self.head_again)  # type: ignore[assignment]  # all that uvicorn asks of it
        self.load_shedder.tasks = self.tasks

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as in uvicorn
        self.watched = WatchedTransport(transport, self.expect_reading)
        super().connection_made(cast("asyncio.Transport", self.watched))
        # Not sooner: the gateway keeps open connections on which it has sent nothing yet, and may send at any time.
        self.head_timer = self.loop.call_later(self.timeout_keep_alive, self.head_is_late)

    def connection_lost(self, exc: Exception | None) -> None:
        self.watched.on_close = None
        super().connection_lost(exc)
        self.stop_timer()
        self.stop_lingering()
        self.stop_expecting()

    def eof_received(self) -> None:
        self.transport.close()

    def data_received(self, data: bytes) -> None:
        if self.load_shedder.is_busy and self.shed_unparsed(data):
            return
        continued, body_bytes = self.reading_head, self.body_bytes
        super().data_received(data)
        if self.reading_head:
            self.head_goes_on(len(data), continued=continued)
            return
        if self.reading_body and self.body_bytes == body_bytes:
            self.count(len(data))  # body framing: the parser would buffer an endless line
        if self.cycle is None:
            return  # only empty lines: the timer of a first request keeps running
        self.stop_timer()
        if not self.cycle.response_complete:
            return
        if self.reading_body:
            if self.linger_timer is None:
                self.linger_timer = self.loop.call_later(LINGER, self.transport.close)
        elif self.timeout_keep_alive_task is None and not self.transport.is_closing():
            # the end of a body that is not read, or an empty line: for these uvicorn has stopped its timer
            idle = self.timeout_keep_alive, self.timeout_keep_alive_handler
            self.timeout_keep_alive_task = self.loop.call_later(*idle)

    def head_goes_on(self, received: int, *, continued: bool) -> None:
        if not continued:
            self.stop_timer()
            self.head_timer = self.loop.call_later(HEAD_TIMEOUT, self.head_is_late)
            return
        self.count(received)  # one long header reaches on_header only when it is complete

    def count(self, received: int) -> None:
        self.head_bytes += received
        if self.head_bytes > MAX_URL + MAX_HEADERS:
            self.refuse(431 if self.headers or self.url else 414)

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.reading_head = True
        self.offers_upgrade = False
        self.head_bytes = 0
        self.header_bytes = 0

    def on_url(self, url: bytes) -> None:
        super().on_url(url)
        if len(self.url) > MAX_URL:
            self.refusal = 414
            raise TooLarge

    def on_header(self, name: bytes, value: bytes) -> None:
        name = name.lower()  # as in uvicorn, but in one call: requests have ten headers
        self.header_bytes += len(name) + len(value) + LINE_OVERHEAD
        if self.reading_head:  # else it is a trailer, which no gateway has checked and no code here needs
            self.headers.append((name, value))
            if name == b"expect" and value.lower() == b"100-continue":
                self.expect_100_continue = True
        if self.header_bytes > MAX_HEADERS or len(self.headers) > MAX_HEADER_LINES:
            self.refusal = 431
            raise TooLarge

    def on_headers_complete(self) -> None:
        if self.parser.should_upgrade() and self.parser.get_method() != b"CONNECT":
            self.offers_upgrade = True
            return  # the same head comes once more, without the offer
        self.reading_head = False
        self.head_bytes = 0
        super().on_headers_complete()
        self.reading_body = True
        if len(self.pipeline) > MOST_PIPELINED:
            raise TooLarge

    def head_again(self) -> bytes:
        """The head without its upgrade offer, for the parser; empty if it had none."""
        if not self.offers_upgrade:
            return b""
        lines = [b"%b %b HTTP/%b" % (self.parser.get_method(), self.url, self.parser.get_http_version().encode())]
        lines += [b"%b: %b" % header for header in self.headers if header[0] != OFFER]
        return b"\r\n".join([*lines, b"", b""])

    def on_body(self, body: bytes) -> None:
        self.body_bytes += len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        if self.offers_upgrade:
            return
        self.reading_body = False
        self.stop_lingering()
        super().on_message_complete()

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        """uvicorn starts a request here, also one that waited for the previous answer on its connection."""
        if self.transport.is_closing():
            return
        if self.load_shedder.admits(cycle.scope):
            self.exchange = Exchange(app, cycle, self.load_shedder)
            super()._start_asgi_task(cycle, self.exchange)
        else:
            self.shed(cycle)

    def shed(self, cycle: RequestResponseCycle) -> None:
        """Answer that the service is overloaded. A body that still arrives is read and dropped for a while."""
        # A client that waits for `100 Continue` will not send its body, so the start of its next request is unknown.
        last = not cycle.keep_alive or cycle.waiting_for_100_continue or bool(self.pipeline)
        # A client that reads none of its answers gets no more of them: they would fill our memory.
        last = last or self.flow.write_paused or LAST_ANSWER in self.server_state.default_headers
        self.write_overloaded(cycle.scope, self.shown_to(cycle.scope["headers"]) + (CLOSE if last else b""))
        cycle.response_started = cycle.response_complete = True
        if last:
            self.transport.close()
        cycle.on_response()

    def shed_unparsed(self, data: bytes) -> bool:
        """Answer likewise, if these bytes are exactly one plain request without a body.

        Costs a third of `shed`, so that many times the load still leaves time to serve.
        """
        if self.reading_head or self.reading_body or (self.exchange and not self.exchange.cycle.response_complete):
            return False
        if self.transport.is_closing() or self.flow.write_paused or LAST_ANSWER in self.server_state.default_headers:
            return False
        scope = plain_request(data)
        if scope is None or self.load_shedder.admits(scope):
            return False
        self.stop_timer()
        self._unset_keepalive_if_required()
        self.write_overloaded(scope)
        idle = self.timeout_keep_alive, self.timeout_keep_alive_handler
        self.timeout_keep_alive_task = self.loop.call_later(*idle)
        return True

    def write_overloaded(self, scope: Mapping[str, Any], more: bytes = b"") -> None:
        """`more` are header lines."""
        for_oauth = scope["path"] in self.load_shedder.oauth_paths
        head, content = overloaded(self.error_form, for_oauth=for_oauth)
        self.transport.write(head + more + b"\r\n" + (b"" if scope["method"] == "HEAD" else content))

    def shown_to(self, headers: Iterable[tuple[bytes, bytes]]) -> bytes:
        """The CORS header lines that let the requesting page read the answer."""
        origin = next((value for name, value in headers if name == b"origin"), b"")
        return self.for_pages.get(origin, self.for_pages.get(ANY_ORIGIN, b"") if origin else b"")

    def send_400_response(self, msg: str) -> None:
        """Called by uvicorn if it cannot parse a request. Here it sends every refusal, as a problem."""
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

    def stop_lingering(self) -> None:
        if self.linger_timer is not None:
            self.linger_timer.cancel()
            self.linger_timer = None

    def refuse(self, status: int) -> None:
        """End the connection. While a request is running, nothing is sent: the client would take it for its answer."""
        reading = self.reading_head  # else `self.headers` are an earlier request's
        path = self.url.partition(b"?")[0].decode("latin-1")  # as far as received
        for_page = self.shown_to(self.headers) if reading else b""
        for_oauth = path in self.load_shedder.oauth_paths
        code, content = last_answer(status, for_page, for_oauth=for_oauth, form=self.error_form)
        log.info("request refused before it was read", status=status, code=code)
        self.reading_head = self.reading_body = False
        self.stop_timer()
        if self.cycle is not None:
            self.cycle.disconnected = True
        if self.exchange is not None and not self.exchange.at_work:
            self.exchange.cycle.disconnected = True  # it arrived with the refused bytes, and never starts
        if self.exchange is None or not self.exchange.at_work:
            self.transport.write(content)
        self.transport.close()


def bounded_http(limit: LoadShedder, origins: Sequence[str] = (), form: ErrorForm | None = None) -> type[BoundedHttp]:
    """The protocol class of a server. Pages of `origins` can read the answers of shed requests; `form` is theirs."""

    class Http(BoundedHttp):
        load_shedder = limit
        for_pages = seen_by_pages(origins)
        error_form = form

    return Http
