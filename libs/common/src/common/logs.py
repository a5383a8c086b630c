"""Logs: one JSON object a line on stdout, in UTC; coloured words on a developer's terminal.

A line that belongs to a request has its id, its trace, and who is signed in: never a token, a body or a query.
"""

import logging
import sys
from collections.abc import Mapping
from contextvars import ContextVar
from typing import Any, Final, Literal, TextIO

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

log = structlog.get_logger()

Form = Literal["json", "console"]
REQUEST: Final[ContextVar[Mapping[str, Any] | None]] = ContextVar("request", default=None)
"""The `state` of the request that is being served, which `common.http.middleware` puts here."""
ABOUT: Final = ("request_id", "trace_id", "account", "caller")
"""What lines have of a request's state. `account`: a person's id; `caller`: a service."""

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
