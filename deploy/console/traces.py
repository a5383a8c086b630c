"""Takes the services' spans by OTLP over HTTP, and keeps the last ones in memory."""

from __future__ import annotations

import threading
from collections import Counter, deque
from collections.abc import Iterable, Mapping
from typing import Any, Final, TypeAlias

from google.protobuf.message import DecodeError  # type: ignore[import-untyped]
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from deploy.local.stack import GATEWAY

KEPT: Final = 2000
"""Spans. Further ones push out the oldest."""

MOST: Final = 100
"""Traces of a list."""

FAILED: Final = 2
"""The status of a failed span."""

KINDS: Final = ("", "internal", "server", "client", "producer", "consumer")

Span: TypeAlias = Any
"""A span's message of OpenTelemetry, whose classes are made at run time."""


class NotTraces(ValueError):
    """A body that is no message of OTLP."""


class Traces:
    """The last spans, each with its service. They are read only when somebody looks."""

    def __init__(self, kept: int = KEPT) -> None:
        self._lock = threading.Lock()
        self._spans: deque[tuple[str, Span]] = deque(maxlen=kept)
        self.taken = 0

    def take(self, body: bytes) -> None:
        """Add the spans of a request.

        Raises:
            NotTraces: it is none.
        """
        try:
            told = ExportTraceServiceRequest.FromString(body)
        except DecodeError as error:
            raise NotTraces(f"these are no traces: {error}") from error
        for resource in told.resource_spans:
            names = {one.key: one.value.string_value for one in resource.resource.attributes}
            service = names.get("service.name", "unknown")
            for scope in resource.scope_spans:
                with self._lock:
                    self._spans.extend((service, span) for span in scope.spans)
                    self.taken += len(scope.spans)

    def newest(
        self, *, service: str = "", text: str = "", min_ms: float = 0, slowest: bool = False
    ) -> list[dict[str, Any]]:
        """Traces with such a service and text and of that length, the newest or the slowest first."""
        found = []
        for spans in self._by_trace().values():
            one = _summary(spans)
            if service in ("", *one["services"]) and one["ms"] >= min_ms and _says(spans, text.lower()):
                found.append(one)
        found.sort(key=lambda one: one["ms"] if slowest else one["time"], reverse=True)
        return found[:MOST]

    def one(self, trace_id: str) -> list[dict[str, Any]]:
        """A trace's spans by their start; none if it is not, or no longer, there."""
        try:
            wanted = bytes.fromhex(trace_id)
        except ValueError:
            return []
        spans = [(service, span) for service, span in self._copy() if span.trace_id == wanted]
        return [_shown(service, span) for service, span in sorted(spans, key=lambda one: one[1].start_time_unix_nano)]

    def statements(self) -> list[dict[str, Any]]:
        """The SQL statements of all spans by their names in the code, those with the longest run first."""
        times: dict[tuple[str, str], list[float]] = {}
        longest: dict[tuple[str, str], tuple[float, str]] = {}
        for service, span in self._copy():
            told = attributes(span)
            if "db.system.name" in told:
                key, ms = (service, str(told.get("statement.name") or span.name)), _ms(span)
                times.setdefault(key, []).append(ms)
                longest[key] = max(longest.get(key, (0.0, "")), (ms, span.trace_id.hex()))
        found: list[dict[str, Any]] = [
            {"service": key[0], "name": key[1], "count": len(each), "max_ms": longest[key][0],
             "total_ms": round(sum(each), 2), "trace_id": longest[key][1]}
            for key, each in times.items()
        ]  # fmt: skip
        return sorted(found, key=lambda one: one["max_ms"], reverse=True)[:MOST]

    def calls(self) -> list[dict[str, Any]]:
        """How often a service has called another one, or has sent it events.

        The gateway makes no spans: a request that no kept span has caused, and that is not an internal one, came by it.
        """
        spans = self._copy()
        services = {span.span_id: service for service, span in spans}
        seen: Counter[tuple[str | None, str, str]] = Counter()
        for service, span in spans:
            caller = services.get(span.parent_span_id)
            if caller is None and span.kind == span.SPAN_KIND_SERVER and " /internal/" not in span.name:
                caller = GATEWAY
            if caller not in (None, service):
                kind = "events" if span.name.endswith("/internal/events") else "call"
                seen[caller, service, kind] += 1
        return [{"from": one, "to": other, "kind": kind, "count": count} for (one, other, kind), count in seen.items()]

    def _copy(self) -> list[tuple[str, Span]]:
        with self._lock:
            return list(self._spans)

    def _by_trace(self) -> Mapping[bytes, list[tuple[str, Span]]]:
        found: dict[bytes, list[tuple[str, Span]]] = {}
        for service, span in self._copy():
            found.setdefault(span.trace_id, []).append((service, span))
        return found


def attributes(span: Span) -> dict[str, Any]:
    """As plain values."""
    return {one.key: getattr(one.value, one.value.WhichOneof("value") or "string_value") for one in span.attributes}


def _says(spans: Iterable[tuple[str, Span]], text: str) -> bool:
    return not text or any(
        text in f"{span.name} {' '.join(map(str, attributes(span).values()))}".lower() for _, span in spans
    )


def _summary(spans: list[tuple[str, Span]]) -> dict[str, Any]:
    """A trace in a line: its first span gives the name."""
    ids = {span.span_id for _, span in spans}
    roots = [one for one in spans if one[1].parent_span_id not in ids]
    service, first = min(roots or spans, key=lambda one: one[1].start_time_unix_nano)
    begin = min(span.start_time_unix_nano for _, span in spans)
    told = attributes(first)
    return {
        "trace_id": first.trace_id.hex(),
        "name": first.name,
        "path": told.get("url.path", ""),
        "service": service,
        "services": sorted({name for name, _ in spans}),
        "time": begin / 1e9,
        "ms": round((max(span.end_time_unix_nano for _, span in spans) - begin) / 1e6, 2),
        "spans": len(spans),
        "statements": sum("db.system.name" in attributes(span) for _, span in spans),
        "failed": any(span.status.code == FAILED for _, span in spans),
    }


def _shown(service: str, span: Span) -> dict[str, Any]:
    return {
        "span_id": span.span_id.hex(),
        "parent_id": span.parent_span_id.hex(),
        "service": service,
        "name": span.name,
        "kind": KINDS[span.kind] if span.kind < len(KINDS) else "",
        "time": span.start_time_unix_nano / 1e9,
        "ms": _ms(span),
        "failed": span.status.code == FAILED,
        "attributes": {key: str(value) for key, value in attributes(span).items()},
        "links": [link.trace_id.hex() for link in span.links],
    }


def _ms(span: Span) -> float:
    nanoseconds: int = span.end_time_unix_nano - span.start_time_unix_nano
    return round(nanoseconds / 1e6, 3)
