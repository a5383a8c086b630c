"""The last ten minutes of each service, from its /metrics, read every few seconds. All in memory."""

from __future__ import annotations

import http.client
import re
import threading
import time
from collections import Counter, deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

EVERY: Final = 5.0
"""Seconds between two scrapes."""

KEPT: Final = 120
"""Points of each service: ten minutes."""

PATIENCE: Final = 2.0
LINE: Final = re.compile(r"^(\w+)(?:\{(.*)\})? (\S+)$", re.MULTILINE)
LABEL: Final = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')
NOT_WORK: Final = ("/metrics", "/readyz", "/livez")
QUANTILES: Final = {"p50_ms": 0.5, "p95_ms": 0.95}

Sample: TypeAlias = tuple[str, Mapping[str, str], float]
Events: TypeAlias = dict[tuple[str, str], Counter[str]]


@dataclass(slots=True)
class Counted:
    """What a process has counted since its start, and the events that wait in its service's outbox."""

    requests: float = 0
    errors: float = 0
    waits: float = 0
    buckets: Counter[float] = field(default_factory=Counter)
    events: Events = field(default_factory=dict)
    oldest_s: float = 0

    @classmethod
    def of(cls, text: str) -> Counted:
        """Read /metrics."""
        found = cls()
        for name, labels, value in samples(text):
            found._take(name, labels, value)
        return found

    def _take(self, name: str, labels: Mapping[str, str], value: float) -> None:
        if name == "http_requests_total" and labels["route"] not in NOT_WORK:
            self.requests += value
            self.errors += value if labels["status"].startswith("5") else 0
        elif name == "http_request_duration_seconds_bucket" and labels["route"] not in NOT_WORK:
            self.buckets[float(labels["le"])] += round(value)
        elif name == "db_pool_waits_total":
            self.waits += value
        elif name == "outbox_rows" and value:
            self.events.setdefault((labels["target"], labels["type"]), Counter())[labels["state"]] += round(value)
        elif name == "outbox_oldest_seconds":
            self.oldest_s = max(self.oldest_s, value)

    def since(self, before: Counted) -> Counted:
        """What was counted meanwhile; all of it if the process is a new one."""
        if self.requests < before.requests or self.waits < before.waits:
            return self
        more = Counter({limit: count - before.buckets[limit] for limit, count in self.buckets.items()})
        return Counted(
            self.requests - before.requests, self.errors - before.errors, self.waits - before.waits, more, self.events
        )


def samples(text: str) -> Iterator[Sample]:
    """The lines of Prometheus' text format."""
    for name, labels, value in LINE.findall(text):
        yield name, dict(LABEL.findall(labels)), float(value)


def quantile(buckets: Mapping[float, float], share: float) -> float | None:
    """Seconds within which this share of requests was answered, as Prometheus reckons it; None without requests."""
    limits = sorted(buckets)
    total = buckets[limits[-1]] if limits else 0
    if not total:
        return None
    lower = below = 0.0
    for limit in limits:
        count = buckets[limit]
        if count >= share * total:
            return (
                lower if limit == float("inf") else lower + (limit - lower) * (share * total - below) / (count - below)
            )
        lower, below = limit, count
    return lower


class Measured:
    """The points of all services. `scrape` is called by one thread, the rest by others."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._points: dict[str, deque[dict[str, Any]]] = {}
        self._events: dict[str, Events] = {}
        self._before: dict[str, Counted] = {}
        self._at = time.monotonic()

    def scrape(self, ports: Mapping[str, Sequence[tuple[str, int]]]) -> None:
        """Read all processes; `ports` has the names and ports of each service's."""
        now = {name: told for processes in ports.values() for name, port in processes if (told := read(port))}
        self.take({service: [name for name, _ in processes] for service, processes in ports.items()}, now)

    def take(self, services: Mapping[str, Sequence[str]], now: Mapping[str, Counted]) -> None:
        """Add a point to each service."""
        seconds, self._at = max(time.monotonic() - self._at, 0.001), time.monotonic()
        with self._lock:
            for service, names in services.items():
                there = [now[name] for name in names if name in now]
                news = [now[name].since(self._before[name]) for name in names if name in now and name in self._before]
                point = {"time": round(time.time(), 1), "up": len(there), **_rates(news, seconds)}
                if there:  # replicas tell of the same outbox
                    self._events[service] = there[0].events
                    point["oldest_s"] = round(there[0].oldest_s, 1)
                self._points.setdefault(service, deque(maxlen=KEPT)).append(point)
            self._before = {**self._before, **now}

    def points(self) -> dict[str, list[dict[str, Any]]]:
        """The points by service, the newest last."""
        with self._lock:
            return {service: list(points) for service, points in self._points.items()}

    def events(self) -> list[dict[str, Any]]:
        """The events that wait or are parked, when their services last told."""
        with self._lock:
            return [
                {"service": service, "target": target, "type": kind, **states}
                for service, events in self._events.items()
                for (target, kind), states in events.items()
            ]


def read(port: int) -> Counted | None:
    """Read a process's /metrics; None if it does not answer, or something else."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    try:
        connection.request("GET", "/metrics", headers={"Connection": "close"})
        reply = connection.getresponse()
        return Counted.of(reply.read().decode()) if reply.status == 200 else None
    except (OSError, http.client.HTTPException, ValueError, KeyError):  # or another program has this port
        return None
    finally:
        connection.close()


def _rates(news: Sequence[Counted], seconds: float) -> dict[str, float | None]:
    if not news:
        return {}
    buckets = sum((one.buckets for one in news), Counter[float]())
    times = {name: quantile(buckets, share) for name, share in QUANTILES.items()}
    return {
        "requests": round(sum(one.requests for one in news) / seconds, 2),
        "errors": round(sum(one.errors for one in news) / seconds, 2),
        "waits": round(sum(one.waits for one in news) / seconds, 2),
        **{name: None if found is None else round(found * 1000, 1) for name, found in times.items()},
    }
