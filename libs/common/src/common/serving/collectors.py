"""What `/metrics` looks up at a scrape: requests, pools, the outbox, erasures, calls, checks of tokens, the clock.

What takes the database is read like requests read, by `pools`' "reading": a scrape that has to wait is told less, and
holds up nothing that the process needs (`UPKEEP`).
"""

from collections.abc import Iterable, Mapping

from prometheus_client import Metric
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, SummaryMetricFamily
from sqlalchemy import Executable

from common.calls.service_client import ServiceClient
from common.db.database import CountingPool, Database, ReadSession
from common.events.outbox import OutboxRepository
from common.events.relay import Relay
from common.observability.metrics import MetricCollector
from common.serving.load_shedding import LoadShedder
from common.tokens.clock import DatabaseClock
from common.tokens.verifier import TokenVerifier

BREAKER = ("closed", "half-open", "open")


def requests(load_shedder: LoadShedder) -> MetricCollector:
    """Requests under way, how many of each kind there may be, and what was refused because there were more."""

    async def collect() -> Iterable[Metric]:
        under_way = GaugeMetricFamily(
            "http_requests_under_way", "Begun, not waiting for clients.", load_shedder.under_way
        )
        limit = GaugeMetricFamily("http_requests_limit", "Above it, one is refused.", labels=["priority"])
        for priority, most in load_shedder.limits.items():
            limit.add_metric([priority], most)
        refused = CounterMetricFamily("http_requests_shed", "Refused, since too many were.", labels=["priority"])
        add_counts(refused, load_shedder.refused)
        return under_way, limit, refused

    return collect


def pools(database: Database) -> MetricCollector:
    """Connections to the database: how many there may be, how many are out, how often somebody had to wait."""

    async def collect() -> Iterable[Metric]:
        connections = GaugeMetricFamily("db_pool_connections", "Connections in use.", labels=["pool"])
        limit = GaugeMetricFamily("db_pool_limit", "How many there may be.", labels=["pool"])
        waits = CounterMetricFamily("db_pool_waits", "Had to wait for a connection.", labels=["pool"])
        for name, engine in (("writing", database.engine), ("reading", database.reading)):
            pool = engine.pool
            if isinstance(pool, CountingPool):
                connections.add_metric([name], pool.checkedout())
                limit.add_metric([name], pool.limit)
                waits.add_metric([name], pool.waits)
        return connections, limit, waits

    return collect


def outbox(database: Database, relay: Relay | None) -> MetricCollector:
    """What waits to be told to whom, for how long, and what this process's relay has done about it, if it runs one."""

    async def collect() -> Iterable[Metric]:
        rows = GaugeMetricFamily("outbox_rows", "States not told yet.", labels=["target", "type", "state"])
        oldest = GaugeMetricFamily(
            "outbox_oldest_seconds", "Age of the longest waiting state.", labels=["target", "type"]
        )
        for backlog in await OutboxRepository(ReadSession(database.reading)).status():
            kind = [backlog.target, backlog.type]
            rows.add_metric([*kind, "waiting"], backlog.waiting)
            rows.add_metric([*kind, "parked"], backlog.parked)
            oldest.add_metric(kind, backlog.oldest)
        if relay is None:
            return rows, oldest
        events = CounterMetricFamily("relay_events", "States told, refused, parked.", labels=["target", "outcome"])
        failures = GaugeMetricFamily("relay_failures", "Failed tries in a row.", labels=["target"])
        for target, channel in relay.channels.items():
            for outcome, count in (("sent", channel.sent), ("refused", channel.refused), ("parked", channel.parked)):
                events.add_metric([target, outcome], count)
            failures.add_metric([target], channel.failures)
        return rows, oldest, events, failures

    return collect


def erasures(database: Database, backlog: Executable) -> MetricCollector:
    """Deleted accounts that are not forgotten yet. `backlog` says how many, and for how many seconds the oldest is."""

    async def collect() -> Iterable[Metric]:
        ((count, oldest),) = await ReadSession(database.reading).execute(backlog)
        pending = GaugeMetricFamily("erasures_pending", "Deleted accounts that are not forgotten yet.", value=count)
        age = GaugeMetricFamily("erasure_oldest_seconds", "For how long the longest waits.", value=oldest)
        return pending, age

    return collect


def calls(*clients: ServiceClient) -> MetricCollector:
    """Calls to other services by outcome, how long they took, and the state of each breaker."""

    async def collect() -> Iterable[Metric]:
        made = CounterMetricFamily("client_calls", "Calls to other services.", labels=["peer", "outcome"])
        took = SummaryMetricFamily(
            "client_call_duration_seconds", "Waiting and second tries included.", labels=["peer", "outcome"]
        )
        breakers = GaugeMetricFamily("client_breaker", "1 for the state it is in.", labels=["peer", "state"])
        for client in clients:
            add_counts(made, client.outcomes, client.audience)
            for outcome, seconds in client.seconds.items():
                took.add_metric([client.audience, outcome], client.outcomes[outcome], seconds)
            for state in BREAKER:
                breakers.add_metric([client.audience, state], float(client.breaker.state == state))
        return made, took, breakers

    return collect


def checks(verifier: TokenVerifier) -> MetricCollector:
    """Checks of access tokens by outcome."""

    async def collect() -> Iterable[Metric]:
        made = CounterMetricFamily("token_checks", "Checks of access tokens.", labels=["outcome"])
        add_counts(made, verifier.checks)
        return (made,)

    return collect


def clock(database: DatabaseClock) -> MetricCollector:
    """How wrong this process's clock is, as its database sees it."""

    async def collect() -> Iterable[Metric]:
        return (GaugeMetricFamily("clock_skew_seconds", "Ahead of the database's clock.", database.skew),)

    return collect


def add_counts(family: CounterMetricFamily, counts: Mapping[str, int], *labels: str) -> None:
    for outcome, count in counts.items():
        family.add_metric([*labels, outcome], count)
