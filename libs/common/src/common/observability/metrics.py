"""`/metrics`, in Prometheus' text format.

Code counts events as plain integers. The functions of `common.serving.collectors` turn these into samples at a scrape.
Only requests are counted here: each pays 2 us for it. The gateway does not pass this route on.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from itertools import chain
from typing import Final

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
"""Seconds for each collector: a scrape must not wait for a database that does not answer."""
BUCKETS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
UNKNOWN: Final = "unknown"
"""For unknown routes and methods: values that callers make up must not become series."""

MetricCollector = Callable[[], Awaitable[Iterable[Metric]]]
"""Reads metrics at a scrape. Made by `common.serving.collectors`."""


class Metrics:
    """The metrics of one app. `collectors` is set when the app is wired."""

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
        """Count a request, under its route's path template."""
        method, route = scope["method"], getattr(scope.get("route"), "path_format", None) or UNKNOWN
        key = (method if method in METHODS else UNKNOWN, route, status)
        series = self._series.get(key)
        if series is None:  # cached, since a lookup by labels costs more than counting
            series = self._series[key] = (self._requests.labels(*map(str, key)), self._seconds.labels(*key[:2]))
        series[0].inc()
        series[1].observe(seconds)

    async def exposition(self) -> bytes:
        """All metrics as text."""
        found = await asyncio.gather(*(collected(collector) for collector in self.collectors))
        return generate_latest(self.registry) + generate_latest(CollectedMetrics(chain.from_iterable(found)))


class CollectedMetrics(Collector):
    """Metrics that collectors have just read."""

    def __init__(self, metrics: Iterable[Metric]) -> None:
        self._metrics = metrics

    def collect(self) -> Iterator[Metric]:
        yield from self._metrics


async def collected(collector: MetricCollector) -> Iterable[Metric]:
    """A collector's metrics; empty if it fails, so that the other metrics are still served."""
    try:
        async with asyncio.timeout(TIMEOUT):
            return await collector()
    except (TimeoutError, OSError, SQLAlchemyError) as error:
        log.warning("metrics not collected", measure=getattr(collector, "__qualname__", ""), reason=repr(error)[:200])
        return ()


router = APIRouter(include_in_schema=False)


@router.get("/metrics")
async def metrics(request: Request) -> Response:
    """For Prometheus, inside the network only."""
    kept: Metrics = request.app.state.metrics
    return Response(await kept.exposition(), media_type=CONTENT_TYPE_PLAIN_0_0_4)
