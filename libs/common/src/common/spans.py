"""Spans inside a process: of SQL statements, of events and of background loops. `observability.tracing` exports them.

Without traces the only cost is a look at `TRACER`. A span never holds a value of
a parameter, an event's data, or the text of an error (S-46).
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import Context, ContextVar, copy_context
from typing import Final

from opentelemetry import context as otel
from opentelemetry import trace
from opentelemetry.trace import Link, Span, SpanKind, Status, StatusCode, Tracer
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

Attributes = Mapping[str, str | int]

TRACER: Final = ContextVar[Tracer | None]("tracer", default=None)
"""Set in the requests and the background loops of a service that has traces."""
W3C: Final = TraceContextTextMapPropagator()
TRACEPARENT: Final = "traceparent"
OURS: Final = "trivium.ours"
"""Key in a request's extensions: whether its host is a service of ours, which may learn the trace."""
MESSAGING: Final[Attributes] = {"messaging.system": "outbox"}


def context_with(tracer: Tracer | None) -> Context:
    """The context for a background loop. A loop of its own copy does not inherit another's span."""
    context = copy_context()
    context.run(TRACER.set, tracer)
    return context


def tracer_here() -> Tracer | None:
    """The tracer, if a sampled span is under way."""
    tracer = TRACER.get()
    return tracer if tracer is not None and trace.get_current_span().is_recording() else None


def fail(span: Span, kind: str) -> None:
    """Mark a span as failed. `kind` is a class, a status or a code: texts of errors may hold values."""
    span.set_attribute("error.type", kind)
    span.set_status(Status(StatusCode.ERROR))


def note_failure(kind: str) -> None:
    """Mark the current span as failed, if there is one."""
    fail(trace.get_current_span(), kind)


@contextmanager
def current_span(
    tracer: Tracer,
    name: str,
    kind: SpanKind,
    attributes: Attributes,
    links: Sequence[Link] = (),
    parent: otel.Context | None = None,
) -> Iterator[Span]:
    """A span around the block; the spans inside are its children. `parent` is by default the current span."""
    span = tracer.start_span(name, parent, kind, dict(attributes), links)
    with trace.use_span(span, end_on_exit=True, record_exception=False, set_status_on_exception=False):
        try:
            yield span
        except BaseException as error:
            fail(span, type(error).__qualname__)
            raise


@contextmanager
def background_span(
    name: str,
    attributes: Attributes | None = None,
    *,
    kind: SpanKind = SpanKind.INTERNAL,
    links: Sequence[Link] = (),
) -> Iterator[None]:
    """A trace of its own around the work of a background loop. Start it only once there is work to do."""
    tracer = TRACER.get()
    if tracer is None:
        yield
        return
    with current_span(tracer, name, kind, attributes or {}, links, otel.Context()):
        yield


def record_work(name: str, started: int, attributes: Attributes) -> None:
    """As `background_span`, for work that is known only afterwards. `started` is from `time.time_ns`."""
    if tracer := TRACER.get():
        tracer.start_span(name, otel.Context(), attributes=dict(attributes), start_time=started).end()


@contextmanager
def publishing(types: Iterable[str]) -> Iterator[str | None]:
    """A span around the write of events to the outbox. Yields the `traceparent` that they carry, if it is sampled."""
    tracer = tracer_here()
    if tracer is None:
        yield None
        return
    name, attributes = operation("publish", "create", list(types))
    with current_span(tracer, name, SpanKind.PRODUCER, attributes):
        carrier: dict[str, str] = {}
        W3C.inject(carrier)
        yield carrier.get(TRACEPARENT)


@contextmanager
def sending(target: str, types: Iterable[str], carried: Iterable[str | None]) -> Iterator[None]:
    """A trace of its own around the delivery of a batch, linked to the spans that published its events."""
    if TRACER.get() is None:
        yield
        return
    name, attributes = operation("send", "send", list(types))
    to = {"service.peer.name": target}
    with background_span(name, {**attributes, **to}, kind=SpanKind.CLIENT, links=links_to(carried)):
        yield


@contextmanager
def processing(types: Iterable[str], carried: Iterable[str | None]) -> Iterator[None]:
    """A span around the handling of a batch, linked to the spans that published its events."""
    tracer = tracer_here()
    if tracer is None:
        yield
        return
    name, attributes = operation("process", "process", list(types))
    with current_span(tracer, name, SpanKind.CONSUMER, attributes, links_to(carried)):
        yield


def operation(name: str, kind: str, types: Sequence[str]) -> tuple[str, Attributes]:
    """Name and attributes of a span of events. The destination is their type; events of several types have none."""
    attributes: dict[str, str | int] = {
        **MESSAGING,
        "messaging.operation.name": name,
        "messaging.operation.type": kind,
        "messaging.batch.message_count": len(types),
    }
    if len(set(types)) != 1:
        return name, attributes
    return f"{name} {types[0]}", {**attributes, "messaging.destination.name": types[0]}


def links_to(carried: Iterable[str | None]) -> list[Link]:
    """A link for each span that published some of these events. Texts that are no `traceparent` are left out."""
    found = [
        trace.get_current_span(W3C.extract({TRACEPARENT: text}, otel.Context())).get_span_context()
        for text in dict.fromkeys(carried)
        if text is not None
    ]
    return [Link(context) for context in found if context.is_valid]
