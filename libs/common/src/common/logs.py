"""Logs: one JSON object a line on stdout, in UTC; coloured words on a developer's terminal.

A line that belongs to a request has its id, its trace, and who is signed in: never a token, a body or a query.
"""

import json
import logging
import sys
from collections.abc import Mapping
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any, Final, Literal, TextIO

import structlog
from starlette.types import Scope
from structlog.typing import EventDict, Processor, WrappedLogger

log = structlog.get_logger()

Form = Literal["json", "console"]
REQUEST: Final[ContextVar[Mapping[str, Any] | None]] = ContextVar("request", default=None)
"""The `state` of the request that is being served, which `common.http.middleware` puts here."""
ABOUT: Final = ("request_id", "trace_id", "account", "caller")
"""What lines have of a request's state. `account`: a person's id; `caller`: a service."""
encode: Final = json.JSONEncoder(separators=(",", ":")).encode

# Never with local variables: passwords and tokens are among them (S-46).
TRACES: Final = structlog.tracebacks.ExceptionDictTransformer(show_locals=False, max_frames=20)


def without_values(exc_info: Any) -> list[dict[str, Any]]:
    """A traceback, less what PostgreSQL adds behind DETAIL: whole rows, with addresses and hashes in them."""
    chain = TRACES(exc_info)
    for link in chain:
        link["exc_value"] = link["exc_value"].partition("\nDETAIL:")[0]
    return chain


TRACEBACKS: Final = structlog.processors.ExceptionRenderer(without_values)


def request_context() -> dict[str, Any]:
    """Which request this is, and whose; empty outside of any."""
    state = REQUEST.get()
    return {name: state[name] for name in ABOUT if name in state} if state else {}


def add_request_context(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    return {**event, **request_context()}


class Sink:
    """Where all lines go: an output whose failures are counted, and are no trouble of whoever logs.

    On a full disk, or with nobody left to read, a warning must not end the loop that gives it, nor a request.
    """

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self.failures = 0

    def write(self, text: str) -> None:
        try:
            self._out.write(text)
        except OSError:
            self.failures += 1

    def flush(self) -> None:
        try:
            self._out.flush()
        except OSError:
            self.failures += 1


class AccessLog:
    """The line of each answered request.

    Put together by hand, since every request pays for it: 8 us instead of the 17 that structlog takes.
    """

    def __init__(self, service: str, level: str, form: Form, out: Sink) -> None:
        self._service = service
        self._on = level in {"debug", "info"}
        self._json = form == "json"
        self._out = out

    def answered(self, scope: Scope, status: int, seconds: float) -> None:
        """The path only: a query may hold what people search for."""
        if not self._on:
            return
        ms, client = round(seconds * 1000, 2), scope["state"]["client_ip"]
        about = {"method": scope["method"], "path": scope["path"], "status": status, "ms": ms, "client": client}
        if not self._json:
            log.info("request", **about)
            return
        now = datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
        head = {"timestamp": now, "level": "info", "event": "request", "service": self._service}
        self._out.write(encode({**head, **request_context(), **about}) + "\n")
        self._out.flush()


def configure_logging(service: str, level: str, form: Form) -> Sink:
    """Set up structlog and send what libraries log through `logging` the same way, which is returned."""
    out = Sink(sys.stdout)

    def name_service(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
        event["service"] = service
        return event

    shared: list[Processor] = [
        add_request_context,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        TRACEBACKS if form == "json" else no_change,
    ]
    if form == "json":
        shared.append(name_service)
    render: Processor = structlog.processors.JSONRenderer() if form == "json" else structlog.dev.ConsoleRenderer()
    structlog.configure(
        processors=[*shared, render],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.WriteLoggerFactory(file=out),  # type: ignore[arg-type]  # it writes and flushes
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(out)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, structlog.stdlib.add_logger_name],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, render],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(max(logging.getLevelName(level.upper()), logging.INFO))
    logging.getLogger("httpx").setLevel(logging.WARNING)  # it logs whole URLs at INFO
    logging.getLogger("common.db.database").setLevel(logging.WARNING)  # SQLAlchemy's, named after our kind of pool
    return out


def no_change(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    return event
