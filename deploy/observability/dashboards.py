"""Grafana dashboards, made from the panels below: one for all services, and one for any of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

Dashboard = dict[str, Any]
SOURCE: Final = {"type": "prometheus", "uid": "${source}"}
WIDTH, HEIGHT, COLUMNS = 12, 8, 2
"""Of a panel, in Grafana's grid of 24 columns."""


@dataclass(frozen=True)
class Panel:
    """A graph. `expressions`: PromQL, in which `$job` stands for the dashboard's services, and the legend of each."""

    title: str
    unit: str
    expressions: Sequence[tuple[str, str]]
    description: str = ""


def rate(metric: str, by: str, more: str = "") -> str:
    return f'sum by ({by}) (rate({metric}{{job=~"$job"{more}}}[5m]))'


def share(part: str, whole: str, by: str) -> str:
    return " / ".join(f'sum by ({by}) ({metric}{{job=~"$job"}})' for metric in (part, whole))


def quantile(share: float, by: str) -> str:
    buckets = rate("http_request_duration_seconds_bucket", f"{by}, le")
    return f"histogram_quantile({share}, {buckets})"


REQUESTS: Final = (
    Panel("Requests", "reqps", [(rate("http_requests_total", "job"), "{{job}}")]),
    Panel(
        "Errors",
        "percentunit",
        [('job:request_errors:ratio_rate5m{job=~"$job"}', "{{job}}")],
        "5xx answers, and requests refused under overload. The objective is 0.1 %.",
    ),
    Panel("Duration, 99 %", "s", [(quantile(0.99, "job"), "{{job}}")]),
    Panel("Duration, median", "s", [(quantile(0.5, "job"), "{{job}}")]),
)
LOAD: Final = (
    Panel(
        "Running requests",
        "none",
        [
            ('sum by (job) (http_requests_under_way{job=~"$job"})', "{{job}}"),
            ('sum by (job) (http_requests_limit{job=~"$job", priority="ordinary"})', "{{job}}, the limit"),
        ],
    ),
    Panel(
        "Refused under overload", "reqps", [(rate("http_requests_shed_total", "job, priority"), "{{job}} {{priority}}")]
    ),
    Panel(
        "Database connections in use",
        "percentunit",
        [
            (share("db_pool_connections", "db_pool_limit", "job, pool"), "{{job}} {{pool}}"),
        ],
    ),
    Panel("Waits for a connection", "ops", [(rate("db_pool_waits_total", "job, pool"), "{{job}} {{pool}}")]),
    Panel("Processor", "percentunit", [(rate("process_cpu_seconds_total", "job"), "{{job}}")]),
    Panel("Memory", "bytes", [('max by (job) (process_resident_memory_bytes{job=~"$job"})', "{{job}}, the largest")]),
)
EVENTS: Final = (
    Panel(
        "Oldest waiting event",
        "s",
        [('max by (job, target) (outbox_oldest_seconds{job=~"$job"})', "{{job}} to {{target}}")],
    ),
    Panel(
        "Waiting and parked events",
        "none",
        [('max by (job, target, state) (outbox_rows{job=~"$job"})', "{{job}} to {{target}}, {{state}}")],
    ),
    Panel(
        "Events", "ops", [(rate("relay_events_total", "job, target, outcome"), "{{job}} to {{target}}, {{outcome}}")]
    ),
    Panel("Accounts to erase", "none", [('max by (job) (erasures_pending{job=~"$job"})', "{{job}}")]),
    Panel("Oldest erasure", "s", [('max by (job) (erasure_oldest_seconds{job=~"$job"})', "{{job}}")]),
)
CALLS: Final = (
    Panel(
        "Calls to other services",
        "reqps",
        [(rate("client_calls_total", "job, peer, outcome"), "{{job}} to {{peer}}, {{outcome}}")],
    ),
    Panel(
        "Their mean duration",
        "s",
        [
            (
                rate("client_call_duration_seconds_sum", "job, peer")
                + " / "
                + rate("client_call_duration_seconds_count", "job, peer"),
                "{{job}} to {{peer}}",
            )
        ],
    ),
    Panel(
        "Open circuit breakers",
        "none",
        [('max by (job, peer) (client_breaker{job=~"$job", state="open"})', "{{job}} to {{peer}}")],
    ),
    Panel("Token checks", "ops", [(rate("token_checks_total", "job, outcome"), "{{job}} {{outcome}}")]),
    Panel("Clock against the database", "s", [('max by (job) (abs(clock_skew_seconds{job=~"$job"}))', "{{job}}")]),
)
ROUTES: Final = (
    Panel("Requests by route", "reqps", [(rate("http_requests_total", "method, route"), "{{method}} {{route}}")]),
    Panel("Duration by route, 99 %", "s", [(quantile(0.99, "method, route"), "{{method}} {{route}}")]),
    Panel("Answers by status", "reqps", [(rate("http_requests_total", "status"), "{{status}}")]),
)
KEYS: Final = (
    Panel(
        "Signing keys",
        "none",
        [("max(signing_keys_published)", "published"), ("max(signing_keys_limit)", "the limit")],
    ),
)


def dashboards(services: Sequence[str]) -> dict[str, Dashboard]:
    """By file name: one for all services, and one that shows the service which is chosen."""
    everything = "|".join(services)
    all_jobs = {
        "type": "constant",
        "query": everything,
        "current": {"text": everything, "value": everything},
        "hide": 2,
    }
    one_job = {"type": "custom", "query": ",".join(services), "current": {"text": services[0], "value": services[0]}}
    return {
        "trivium.json": dashboard("Trivium", all_jobs, [*REQUESTS, *LOAD, *EVENTS, *CALLS, *KEYS]),
        "trivium-service.json": dashboard("Trivium service", one_job, [*ROUTES, *REQUESTS, *LOAD, *EVENTS, *CALLS]),
    }


def dashboard(title: str, jobs: dict[str, Any], panels: Sequence[Panel]) -> Dashboard:
    variables = [
        {"name": "source", "label": "Source", "type": "datasource", "query": "prometheus"},
        {"name": "job", "label": "Service", **jobs},
    ]
    return {
        "uid": title.lower().replace(" ", "-"),
        "title": title,
        "tags": ["trivium"],
        "schemaVersion": 39,
        "refresh": "30s",
        "time": {"from": "now-6h", "to": "now"},
        "templating": {"list": variables},
        "panels": list(placed(panels)),
    }


def placed(panels: Sequence[Panel]) -> Iterator[dict[str, Any]]:
    for number, panel in enumerate(panels):
        row, column = divmod(number, COLUMNS)
        yield {
            "id": number + 1,
            "type": "timeseries",
            "title": panel.title,
            "description": panel.description,
            "datasource": SOURCE,
            "gridPos": {"x": column * WIDTH, "y": row * HEIGHT, "w": WIDTH, "h": HEIGHT},
            "fieldConfig": {"defaults": {"unit": panel.unit, "min": 0}, "overrides": []},
            "targets": [
                {"refId": chr(ord("A") + place), "datasource": SOURCE, "expr": expression, "legendFormat": legend}
                for place, (expression, legend) in enumerate(panel.expressions)
            ],
        }
