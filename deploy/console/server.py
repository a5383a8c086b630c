"""The console's HTTP server: its page, its JSON, and the receiver of traces."""

from __future__ import annotations

import json
import sys
import threading
import time
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

from deploy.console import files, mails, processes
from deploy.console.guard import Guard
from deploy.console.logs import LEVELS, Wanted, lines
from deploy.console.metrics import EVERY, Measured
from deploy.console.picture import picture
from deploy.console.traces import NotTraces, Traces
from deploy.local.errors import StackError
from deploy.local.stack import CONSOLE, CONSOLE_TOKEN, GATEWAY, Stack

LARGEST_MESSAGE: Final = 8 * 1024 * 1024
"""Bytes of traces in one request."""

LARGEST_REQUEST: Final = 1024
"""Bytes of any other body: the page sends none."""

IDLE: Final = 75
MOST_THREADS: Final = 64
"""One for each connection: a service keeps one open, and a browser up to six."""

TRACES: Final = "/v1/traces"
PROTOBUF: Final = "application/x-protobuf"
SAFE: Final = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-store",
}
OWN_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; frame-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'"
)
MAIL_POLICY: Final = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'; "
    "sandbox allow-popups allow-popups-to-escape-sandbox"
)
"""A mail is shown without scripts, and loads nothing from elsewhere."""


class Console:
    """What the console knows of its stack."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.guard = Guard(stack.ports[CONSOLE], stack.secret(CONSOLE_TOKEN), stack.traces_token)
        self.measured = Measured()
        self.traces = Traces()

    def watch(self) -> None:
        """Read the services' metrics, for ever."""
        replicas = {
            service: [(one.name, one.port) for one in self.stack.replicas(service)] for service in self.stack.services
        }
        while True:
            self.measured.scrape(replicas)
            time.sleep(EVERY)

    def answer(self, path: str, asked: Mapping[str, str]) -> Any:
        """What the page asks for; None if there is no such thing."""
        stack = self.stack
        match path.split("/"):
            case ["stack"]:
                return {"gateway": stack.url(GATEWAY), "processes": processes.known(stack), "levels": LEVELS}
            case ["logs"]:
                names = ("process", "level", "text", "request", "trace")
                return lines(stack.logs, Wanted(**{name: asked.get(name, "") for name in names}))
            case ["mails"]:
                return mails.newest(stack.mail)
            case ["metrics"]:
                return {"services": self.measured.points(), "events": self.measured.events(), "every_s": EVERY}
            case ["picture"]:
                return picture(processes.known(stack), self.traces.calls(), self.measured)
            case ["traces"]:
                return self.traces.newest(
                    service=asked.get("service", ""),
                    text=asked.get("text", ""),
                    min_ms=float(asked.get("min_ms") or 0),
                    slowest=asked.get("order") == "slowest",
                )
            case ["traces", trace_id]:
                return self.traces.one(trace_id) or None
            case ["statements"]:
                return self.traces.statements()
        return None


class Handler(BaseHTTPRequestHandler):
    """One connection of the page or of a service."""

    protocol_version = "HTTP/1.1"
    timeout = IDLE
    console: Console

    def version_string(self) -> str:
        return CONSOLE

    def do_GET(self) -> None:
        address = urlsplit(self.path)
        asked = {name: values[0] for name, values in parse_qs(address.query).items()}
        headers = self._told()
        if address.path == "/healthz":
            self._send(200, b"ok\n", "text/plain")
        elif address.path == "/" and "token" in asked and self.console.guard.wrong_host(headers) is None:
            self._open(asked["token"])
        elif reason := self.console.guard.refusal("GET", headers):
            self._refuse(403, reason)
        elif address.path.startswith("/api/"):
            self._answer(address.path.removeprefix("/api/"), asked)
        elif address.path.startswith("/mails/"):
            page = mails.looks(self.console.stack.mail, address.path.removeprefix("/mails/"))
            self._send(200 if page else 404, (page or "").encode(), "text/html; charset=utf-8", MAIL_POLICY)
        elif file := files.find(address.path):
            self._send(200, Path(file.path).read_bytes(), file.type)
        else:
            self._refuse(404, "there is nothing here")

    def do_POST(self) -> None:
        headers = self._told()
        if self.path == TRACES:
            if not self.console.guard.takes_traces(headers):
                self._turn_away(401, "only the services of this stack send traces")
            elif (message := self._body(LARGEST_MESSAGE)) is not None:
                self._take(headers, message)
        elif reason := self.console.guard.refusal("POST", headers):
            self._turn_away(403, reason)
        elif self._body(LARGEST_REQUEST) is not None:
            self._act()

    def _told(self) -> dict[str, str]:
        """The headers, as `Like-This`; those that came twice have both values, which no rule accepts."""
        return {name.title(): ", ".join(self.headers.get_all(name, [])) for name in self.headers}

    def _body(self, largest: int) -> bytes | None:
        length = self.headers.get("Content-Length", "")
        if not length.isdigit() or int(length) > largest or "Transfer-Encoding" in self.headers:
            self._turn_away(413, f"a body has a Content-Length of at most {largest} bytes")
            return None
        return self.rfile.read(int(length))

    def _open(self, token: str) -> None:
        if not self.console.guard.opens(token):
            self._refuse(403, "the token of this link is not the console's: open the link that `make status` prints")
            return
        self._send(303, b"", "text/plain", more={"Location": "/", "Set-Cookie": self.console.guard.set_cookie()})

    def _answer(self, path: str, asked: Mapping[str, str]) -> None:
        try:
            found = self.console.answer(path, asked)
        except ValueError as error:
            self._refuse(422, str(error))
            return
        if found is None:
            self._refuse(404, "there is nothing here")
        else:
            self._send_json(200, found)

    def _act(self) -> None:
        match self.path.split("/"):
            case ["", "api", "processes", name, what]:
                try:
                    done = processes.act(self.console.stack, name, what)
                except StackError as error:
                    self._refuse(409, str(error))
                else:
                    self._send_json(200, {"done": done})
            case _:
                self._refuse(404, "there is nothing here")

    def _take(self, headers: Mapping[str, str], body: bytes) -> None:
        if headers.get("Content-Type") != PROTOBUF:
            self._refuse(415, f"traces come as {PROTOBUF}")
        else:
            try:
                self.console.traces.take(body)
            except NotTraces as error:
                self._refuse(400, str(error))
            else:
                self._send(200, b"", PROTOBUF)

    def _turn_away(self, status: int, reason: str) -> None:
        """Refuse a request without reading its body, so the connection cannot be used again."""
        self.close_connection = True
        self._refuse(status, reason)

    def _refuse(self, status: int, reason: str) -> None:
        self._send_json(status, {"detail": reason})

    def _send_json(self, status: int, body: Any) -> None:
        self._send(status, json.dumps(body, separators=(",", ":")).encode(), "application/json")

    def _send(
        self, status: int, body: bytes, kind: str, policy: str = OWN_POLICY, more: Mapping[str, str] | None = None
    ) -> None:
        self.send_response(status)
        for name, value in {**SAFE, "Content-Security-Policy": policy, "Content-Type": kind, **(more or {})}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """No access log: the page asks every few seconds."""


class Server(ThreadingHTTPServer):
    """A thread for each connection; the last ones end with the process."""

    daemon_threads = True

    def verify_request(self, request: Any, client_address: Any) -> bool:
        """Whether a connection gets a thread; else it is closed, and the page tries again."""
        return threading.active_count() < MOST_THREADS

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A browser or a service that has gone is no error."""
        if not isinstance(sys.exception(), ConnectionError | TimeoutError):
            super().handle_error(request, client_address)


def serve(console: Console) -> None:
    """Serve on loopback until the process ends."""
    with server_of(console) as server:
        threading.Thread(target=console.watch, daemon=True).start()
        server.serve_forever()


def server_of(console: Console) -> Server:
    """A server that listens, and does not serve yet."""
    handler = type("Bound", (Handler,), {"console": console})
    return Server(("127.0.0.1", console.guard.port), handler)
