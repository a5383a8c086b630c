"""Traces over all services: FastAPI's own spans, W3C trace headers on calls, OTLP over HTTP to a collector.

Off, and not even imported, unless OTEL_EXPORTER_OTLP_ENDPOINT is set. Then the SDK's other variables count too
(OTEL_EXPORTER_OTLP_HEADERS, OTEL_BSP_MAX_QUEUE_SIZE, …). A thread of the SDK sends spans in batches. If the collector
is down or slow, spans are lost, and no request waits. `common.spans` makes the spans inside a process.
"""

import random
import re
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import httpx
import structlog
from fastapi import FastAPI
from fastapi.telemetry import TelemetryConfig
from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.trace import Link, SpanKind, Tracer, TraceState
from opentelemetry.util.types import Attributes
from starlette.applications import Starlette
from starlette.types import Receive, Scope, Send

from common import __version__
from common.health import QUIET
from common.settings import AppSettings
from common.spans import TRACEPARENT, W3C

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider

log = structlog.get_logger()

OFF: Final[TelemetryConfig] = {"tracing": False, "metrics": False, "logs": False, "auto_configure": False}
EXPORT_TIMEOUT: Final = 2.0
"""Seconds for a batch and its retries; at shutdown a process waits for the last batch."""
CONVENTIONS: Final = "https://opentelemetry.io/schemas/1.44.0"
"""The version of the semantic conventions that names and attributes follow, as FastAPI's."""

PARENT: Final = re.compile(rb"[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-([0-9a-f]{2})(?:-.*)?")
"""A `traceparent`, and its flags."""
SAMPLED: Final = 1
UNSAMPLED: Final = "00-{:032x}-{:016x}-00"


def tracer_provider(service: str, settings: AppSettings) -> "TracerProvider | None":
    """Makes spans and sends them to the endpoint. None if there is no endpoint, or the extra is not installed."""
    endpoint = settings.otel_exporter_otlp_endpoint
    if endpoint is None:
        return None
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import Span, SpanProcessor, TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
        from opentelemetry.sdk.trace.sampling import (
            ALWAYS_OFF,
            ALWAYS_ON,
            ParentBased,
            Sampler,
            SamplingResult,
            TraceIdRatioBased,
        )
    except ImportError:
        log.warning("no traces: OTEL_EXPORTER_OTLP_ENDPOINT is set, but trivium-common[tracing] is not installed")
        return None

    class NoQueries(SpanProcessor):
        """Redacts queries, which may hold search words (S-46)."""

        def on_start(self, span: Span, parent_context: Context | None = None) -> None:
            if "url.query" in (span.attributes or {}):
                span.set_attribute("url.query", "REDACTED")

    class DecidedBefore(Sampler):
        """Samples requests that `is_left_out` let through, and deliveries of events from sampled requests.

        The budget is for other background work, and apart from that of requests.
        """

        def __init__(self, others: Sampler, budget: Budget) -> None:
            self.others, self.budget = others, budget

        def should_sample(
            self,
            parent_context: Context | None,
            trace_id: int,
            name: str,
            kind: SpanKind | None = None,
            attributes: Attributes = None,
            links: Sequence[Link] | None = None,
            trace_state: TraceState | None = None,
        ) -> SamplingResult:
            is_root = not trace.get_current_span(parent_context).get_span_context().is_valid
            is_linked = is_root and any(link.context.trace_flags.sampled for link in links or ())
            if is_linked or kind is SpanKind.SERVER:
                chosen: Sampler = ALWAYS_ON
            else:
                chosen = self.others if not is_root or self.budget.take() else ALWAYS_OFF
            return chosen.should_sample(parent_context, trace_id, name, kind, attributes, links, trace_state)

        def get_description(self) -> str:
            return f"DecidedBefore({self.others.get_description()})"

    share = share_of_roots(settings)
    sampler = DecidedBefore(ParentBased(TraceIdRatioBased(share)), Budget(settings.traces_per_second))
    provider = TracerProvider(sampler, Resource.create({"service.name": service}))
    exporter = OTLPSpanExporter(endpoint=f"{endpoint.rstrip('/')}/v1/traces", timeout=EXPORT_TIMEOUT)
    provider.add_span_processor(NoQueries())
    provider.add_span_processor(BatchSpanProcessor(exporter))
    return provider


def share_of_roots(settings: AppSettings) -> float:
    """The share of traces that are kept of those that begin here, by the sampler."""
    kind = settings.otel_traces_sampler.removeprefix("parentbased_")
    return {"always_on": 1.0, "always_off": 0.0}.get(kind, settings.otel_traces_sampler_arg)


def tracer_of(provider: "TracerProvider | None") -> Tracer | None:
    """For our own spans."""
    return None if provider is None else provider.get_tracer("common.spans", __version__, schema_url=CONVENTIONS)


class TracedApp(FastAPI):
    """FastAPI with one span per sampled request. A span for every step would cost three times as much.

    Requests that are not sampled go round FastAPI's telemetry, which takes 3 % of a read even if it makes no span, and
    round its `root_path`, which no app of ours has.
    """

    def __init__(self, provider: "TracerProvider | None", settings: AppSettings, **options: Any) -> None:
        on: TelemetryConfig = {**OFF, "tracing": True, "tracer_provider": provider, "operation_spans": False}
        super().__init__(telemetry=on if provider else OFF, **options)
        self._is_left_out: Callable[[Scope], bool] | None = None
        if provider is not None:
            self._is_left_out = partial(
                is_left_out,
                share=share_of_roots(settings),
                by_parent=settings.otel_traces_sampler.startswith("parentbased_"),
                budget=Budget(settings.traces_per_second),
            )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and (self._is_left_out is None or self._is_left_out(scope)):
            await Starlette.__call__(self, scope, receive, send)
        else:
            await super().__call__(scope, receive, send)


class Budget:
    """At most so many traces a second, and as many at once after a pause; `math.inf`: no limit.

    A sampled read costs twice as much as another one. With a share alone, traces would cost the most when the process
    has the most to do.
    """

    def __init__(self, rate: float, now: Callable[[], float] = time.monotonic) -> None:
        self._rate, self._now = rate, now
        self._left, self._at = max(rate, 1.0), now()

    def take(self) -> bool:
        now = self._now()
        self._left = min(max(self._rate, 1.0), self._left + (now - self._at) * self._rate)
        self._at = now
        if self._left < 1:
            return False
        self._left -= 1
        return True


def is_left_out(scope: Scope, *, share: float, by_parent: bool, budget: Budget) -> bool:
    """Whether a request is not sampled: by its caller if `by_parent`, else `share` of them within `budget`."""
    if scope["path"] in QUIET:
        return True
    for name, value in scope["headers"]:
        if by_parent and name == b"traceparent" and (parent := PARENT.fullmatch(value)):
            return not int(parent[1], 16) & SAMPLED
    return random.random() >= share or not budget.take()  # noqa: S311  # no secret


def trace_id() -> str | None:
    """The current trace id in hexadecimal digits; None if nothing is traced."""
    context = trace.get_current_span().get_span_context()
    return format(context.trace_id, "032x") if context.is_valid else None


def propagate_trace(request: httpx.Request) -> None:
    """The peer's spans become children of ours. Without a span the peer makes none either."""
    if trace.get_current_span().get_span_context().is_valid:
        W3C.inject(request.headers)
    else:
        request.headers[TRACEPARENT] = UNSAMPLED.format(random.getrandbits(128), random.getrandbits(64))
