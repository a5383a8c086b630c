"""The middleware of every request: its id, security headers, access line, deadline, and 500 for unexpected errors.

Pure ASGI, and a single layer: each layer costs every request about 25 us.
"""

import re
import secrets
import time
from collections.abc import Sequence
from datetime import timedelta
from ipaddress import IPv4Network, IPv6Network, ip_address
from typing import Any, Final

import structlog
from opentelemetry.trace import Tracer
from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from common import deadlines
from common.access_log import AccessLog
from common.health import QUIET
from common.http import rate_limits
from common.http.error_handlers import LastErrorHandler
from common.logs import REQUEST
from common.observability import tracing
from common.observability.metrics import Metrics
from common.spans import TRACER

log = structlog.get_logger()

Network = IPv4Network | IPv6Network

REQUEST_ID: Final = re.compile(rb"[A-Za-z0-9._-]{8,64}")
SECURITY_HEADERS: Final[Sequence[tuple[bytes, bytes]]] = (
    (b"x-content-type-options", b"nosniff"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"referrer-policy", b"no-referrer"),
    (b"cache-control", b"no-store"),
)
VARY: Final = (b"vary", b"Origin")
HSTS: Final = (b"strict-transport-security", b"max-age=31536000; includeSubDomains")
ACCEPTED: Final = (
    "Authorization",
    "Content-Type",
    "Idempotency-Key",
    "If-Match",
    "If-None-Match",
    "X-Request-ID",
    "traceparent",
    "tracestate",
)
EXPOSED: Final = (
    "ETag",
    "Link",
    "Location",
    "Retry-After",
    "RateLimit",
    "RateLimit-Policy",
    "WWW-Authenticate",
    "X-Request-ID",
)


class RequestMiddleware:
    """The outermost layer of an app. Order, from outside: ids and headers, CORS, unexpected errors, the app."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        cors_origins: Sequence[str],
        trusted_proxies: Sequence[Network],
        hsts: bool,
        call_deadline: timedelta,
        max_deadline: timedelta,
        tracer: Tracer | None,
        metrics: Metrics,
        access_log: AccessLog,
    ) -> None:
        self.tracer = tracer
        self.metrics = metrics
        self.access_log = access_log
        self.for_calls = call_deadline.total_seconds()
        self.at_most = max_deadline.total_seconds()
        self.headers = [*SECURITY_HEADERS, *([HSTS] if hsts else [])]
        self.trusted = trusted_proxies
        self.app: ASGIApp = LastErrorHandler(app)
        self.with_cors = CORSMiddleware(
            self.app,
            allow_origins=list(cors_origins),
            allow_methods=["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"],
            allow_headers=list(ACCEPTED),
            expose_headers=list(EXPOSED),
            max_age=600,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started = time.perf_counter()
        request_id, forwarded, seconds, by_page = self.read(scope)
        state: dict[str, Any] = scope.setdefault("state", {})
        state["request_id"] = request_id
        state["client_ip"] = self.client_ip(scope, forwarded)
        traced = None
        if self.tracer is not None and (trace_id := tracing.trace_id()):
            state["trace_id"] = trace_id
            traced = TRACER.set(self.tracer)
        if seconds is None:  # the caller set no deadline; its calls get one all the same
            seconds = self.for_calls
        else:
            seconds = state["ends_in"] = min(seconds, self.at_most)
        status = 500

        async def dress(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                state["answered"] = True
                headers: list[tuple[bytes, bytes]] = list(message.get("headers", ()))
                present = {name for name, _ in headers}
                headers += [header for header in self.headers if header[0] not in present]
                headers += rate_limits.headers(state)
                headers.append((b"x-request-id", request_id.encode()))
                if not by_page:
                    headers.append(VARY)
                message["headers"] = headers
            await send(message)

        deadline, request = deadlines.start(seconds), REQUEST.set(state)
        try:
            # Only browsers' pages send an Origin. For all others CORS would cost 30 us and change nothing.
            app = self.with_cors if by_page else self.app
            await (head(app, scope, receive, dress) if scope["method"] == "HEAD" else app(scope, receive, dress))
        finally:
            deadlines.end(deadline)
            if scope["path"] not in QUIET:
                seconds = time.perf_counter() - started
                self.metrics.answered(scope, status, seconds)
                self.access_log.answered(scope, status, seconds)
            REQUEST.reset(request)
            if traced is not None:
                TRACER.reset(traced)

    @staticmethod
    def read(scope: Scope) -> tuple[str, str, float | None, bool]:
        """The caller's request id if it is harmless, else a new one; X-Forwarded-For; X-Deadline-Ms in seconds; and
        whether there is an Origin.
        """
        request_id, forwarded, seconds, by_page = None, [], None, False
        for name, value in scope["headers"]:
            if name == b"x-request-id" and REQUEST_ID.fullmatch(value):
                request_id = value.decode("ascii")
            elif name == b"x-forwarded-for":
                forwarded.append(value.decode("latin-1"))
            elif name == b"x-deadline-ms":
                seconds = deadlines.parse(value)
            elif name == b"origin":
                by_page = True
        # several X-Forwarded-For are one list (RFC 9110, section 5.3)
        return request_id or secrets.token_hex(8), ",".join(forwarded), seconds, by_page

    def client_ip(self, scope: Scope, forwarded: str) -> str:
        """The caller's address: the rightmost in X-Forwarded-For that is no trusted proxy (S-13).

        If an entry to its right is no address, the peer's address: else a caller could appear as many by adding ports.
        """
        peer: str = scope["client"][0] if scope.get("client") else "unknown"
        address = peer
        if forwarded and self.is_trusted(peer):
            for candidate in reversed(forwarded.split(",")):
                address = candidate.strip()
                if not is_address(address):
                    return peer
                if not self.is_trusted(address):
                    break
        return address

    def is_trusted(self, address: str) -> bool:
        try:
            parsed = ip_address(address)
        except ValueError:
            return False
        return any(parsed in network for network in self.trusted)


def is_address(text: str) -> bool:
    """Refuses IPv6 zones, which may hold any text behind a `%`."""
    try:
        ip_address(text)
    except ValueError:
        return False
    return "%" not in text


async def head(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    """Answer HEAD as GET, without the body (RFC 9110, section 9.3.2). It covers all routes, so none declares HEAD.

    The server, the log and the metrics still see a HEAD. The answer is complete with its headers; a route that streams
    sees a client that has gone.
    """

    async def send_head(message: Message) -> None:
        if message["type"] == "http.response.start":
            await send(message)
            await send({"type": "http.response.body"})

    as_get = {**scope, "method": "GET"}
    try:
        await app(as_get, receive, send_head)
    finally:
        scope["route"] = as_get.get("route")
