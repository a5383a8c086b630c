"""Traces over all services: FastAPI's own spans, W3C trace headers on calls, OTLP over HTTP to a collector.

Off, and not even imported, unless OTEL_EXPORTER_OTLP_ENDPOINT is set. Then the SDK's other variables count too
(OTEL_TRACES_SAMPLER, OTEL_EXPORTER_OTLP_HEADERS, …). A thread of the SDK sends spans in batches. If the collector is
down or slow, spans are lost, and no request waits.
"""

from typing import TYPE_CHECKING, Final

import httpx
import structlog
from fastapi.telemetry import TelemetryConfig
from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from common.health import QUIET

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider

log = structlog.get_logger()

OFF: Final[TelemetryConfig] = {"tracing": False, "metrics": False, "logs": False, "auto_configure": False}
EXPORT_TIMEOUT: Final = 2.0
"""Seconds for a batch and its retries; at shutdown a process waits for the last batch."""
W3C: Final = TraceContextTextMapPropagator()


def tracer_provider(service: str, endpoint: str | None) -> "TracerProvider | None":
    """Makes spans and sends them to `endpoint`. None if there is no endpoint, or the extra is not installed."""
    if endpoint is None:
        return None
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import Span, SpanProcessor, TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError:
        log.warning("no traces: OTEL_EXPORTER_OTLP_ENDPOINT is set, but trivium-common[tracing] is not installed")
        return None

    class NoQueries(SpanProcessor):
        """Redacts queries, which may hold search words (S-46)."""

        def on_start(self, span: Span, parent_context: Context | None = None) -> None:
            if "url.query" in (span.attributes or {}):
                span.set_attribute("url.query", "REDACTED")

    provider = TracerProvider(resource=Resource.create({"service.name": service}))
    exporter = OTLPSpanExporter(endpoint=f"{endpoint.rstrip('/')}/v1/traces", timeout=EXPORT_TIMEOUT)
    provider.add_span_processor(NoQueries())
    provider.add_span_processor(BatchSpanProcessor(exporter))
    return provider


def telemetry(provider: "TracerProvider | None") -> TelemetryConfig:
    """FastAPI's part: one span per request. A span for every step would cost three times as much."""
    if provider is None:
        return OFF
    return {
        **OFF,
        "tracing": True,
        "tracer_provider": provider,
        "operation_spans": False,
        "exclude": lambda scope: scope["type"] != "http" or scope["path"] in QUIET,
    }


def trace_id() -> str | None:
    """The current trace id in hexadecimal digits; None if nothing is traced."""
    context = trace.get_current_span().get_span_context()
    return format(context.trace_id, "032x") if context.is_valid else None


async def propagate_trace(request: httpx.Request) -> None:
    """For `event_hooks`: the peer's spans become children of ours."""
    W3C.inject(request.headers)
