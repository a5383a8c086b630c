"""Logs: one JSON object per line on stdout, in UTC; coloured text on a developer's terminal.

Lines of a request hold its id, its trace and the caller's id. They never hold a token, a body or a query.
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
"""The `state` of the current request, set by `common.http.middleware`."""
ABOUT: Final = ("request_id", "trace_id", "account", "caller")
"""The parts of a request's state that its lines hold. `account`: a person's id; `caller`: a service."""

# Never with local variables: they may hold passwords and tokens (S-46).
TRACES: Final = structlog.tracebacks.ExceptionDictTransformer(show_locals=False, max_frames=20)


def without_values(exc_info: Any) -> list[dict[str, Any]]:
    """A traceback without PostgreSQL's DETAIL, which holds whole rows with addresses and hashes."""
    chain = TRACES(exc_info)
    for link in chain:
        link["exc_value"] = link["exc_value"].partition("\nDETAIL:")[0]
    return chain


TRACEBACKS: Final = structlog.processors.ExceptionRenderer(without_values)


def request_context() -> dict[str, Any]:
    """The current request's id, trace and caller; empty outside of requests."""
    state = REQUEST.get()
    return {name: state[name] for name in ABOUT if name in state} if state else {}


def client_ip() -> str | None:
    """The address of the current request's caller; None outside of requests."""
    state = REQUEST.get()
    return state.get("client_ip") if state else None


def add_request_context(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    return {**event, **request_context()}


class Sink:
    """The output of all lines. It counts failed writes and does not raise them.

    A full disk, or a pipe without a reader, must not end a request, or the loop that logs a warning.
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
    """Set up structlog, and route the libraries' `logging` through it. Returns the sink of all lines."""
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
    render: Processor = structlog.processors.JSONRenderer()
    if form == "console":
        render = structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)  # no local variables
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
    logging.getLogger("common.db").setLevel(logging.WARNING)  # SQLAlchemy's, named after our kind of pool
    return out


def no_change(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    return event
