"""`/metrics`, in Prometheus' text format: what a service has done and how it is, read when somebody asks.

Numbers are counted where things happen, as plain integers, and turned into samples by the functions of
`common.serving.collectors` at the time of a scrape. Only requests are counted here: each pays 2 us for it.
The gateway does not pass this route on.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from typing import Any, Final

import structlog
from fastapi import APIRouter, Request, Response
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Metric, ProcessCollector
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest
from prometheus_client.registry import Collector
from sqlalchemy.exc import SQLAlchemyError
from starlette.types import Scope

from common.logs import Sink

log = structlog.get_logger()

TIMEOUT: Final = 0.5
"""Seconds for each measure: a scrape must not wait for a database that does not answer."""
BUCKETS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
UNKNOWN: Final = "unknown"
"""What fits none of our routes or methods: what callers make up must not become series."""

MetricCollector = Callable[[], Awaitable[Iterable[Metric]]]
"""What is looked up at a scrape. Made by `common.serving.collectors`."""


class Metrics:
    """The metrics of one app. `collectors` is filled in when the app is wired."""

    def __init__(self, logs: Sink) -> None:
        self.registry = CollectorRegistry()
        self.collectors: Sequence[MetricCollector] = ()
        self._requests = Counter(
            "http_requests", "Answered requests.", ["method", "route", "status"], registry=self.registry
        )
        self._seconds = Histogram(
            "http_request_duration_seconds",
            "From the request to the end of its answer.",
            ["method", "route"],
            buckets=BUCKETS,
            registry=self.registry,
        )
        unwritten = Gauge("log_failures", "Writes of the log that failed.", registry=self.registry)
        unwritten.set_function(lambda: logs.failures)
        self._series: dict[tuple[str, str, int], tuple[Counter, Histogram]] = {}
        ProcessCollector(registry=self.registry)

    def answered(self, scope: Scope, status: int, seconds: float) -> None:
        """Count a request, under the template of its route."""
        method = scope["method"]
        key = (method if method in METHODS else UNKNOWN, route_of(scope), status)
        series = self._series.get(key)
        if series is None:  # finding the labels' series costs more than counting
            method, route, _ = key
            series = (self._requests.labels(method, route, str(status)), self._seconds.labels(method, route))
            self._series[key] = series
        series[0].inc()
        series[1].observe(seconds)

    async def exposition(self) -> bytes:
        """All of it as text."""
        found = await asyncio.gather(*(collected(collector) for collector in self.collectors))
        taken = CollectedMetrics([metric for metrics in found for metric in metrics])
        return generate_latest(self.registry) + generate_latest(taken)


class CollectedMetrics(Collector):
    """Metrics that have just been looked up."""

    def __init__(self, metrics: Iterable[Metric]) -> None:
        self._metrics = metrics

    def collect(self) -> Iterator[Metric]:
        yield from self._metrics


async def collected(collector: MetricCollector) -> Iterable[Metric]:
    """What a measure finds; nothing if it cannot, which is no reason to have no metrics at all."""
    try:
        async with asyncio.timeout(TIMEOUT):
            return await collector()
    except (TimeoutError, OSError, SQLAlchemyError) as error:
        log.warning("not measured", measure=getattr(collector, "__qualname__", ""), reason=repr(error)[:200])
        return ()


def route_of(scope: Scope) -> str:
    route: Any = scope.get("route")
    return getattr(route, "path_format", None) or UNKNOWN


router = APIRouter(include_in_schema=False)


@router.get("/metrics")
async def metrics(request: Request) -> Response:
    """For Prometheus, inside only."""
    kept: Metrics = request.app.state.metrics
    return Response(await kept.exposition(), media_type=CONTENT_TYPE_PLAIN_0_0_4)
