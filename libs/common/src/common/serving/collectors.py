"""The collectors of `/metrics`: requests, pools, the outbox, erasures, calls, token checks, the clock.

Queries use the pool of reading requests. So a scrape may wait and get less, but never takes a connection that the
process itself needs (`UPKEEP`).
"""

from collections.abc import Iterable, Mapping

from prometheus_client import Metric
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, SummaryMetricFamily
from sqlalchemy import Executable
from starlette.datastructures import State

from common.calls.service_client import ServiceClient
from common.db.connections import CountingPool
from common.db.database import Database
from common.db.reading import ReadSession
from common.events.outbox import OutboxRepository
from common.events.relay import Relay
from common.observability.metrics import MetricCollector
from common.serving.load_shedding import LoadShedder
from common.tokens.clock import DatabaseClock
from common.tokens.verifier import TokenVerifier

BREAKER = ("closed", "half-open", "open")


def requests(load_shedder: LoadShedder) -> MetricCollector:
    """Running requests, their limit by priority, and refused requests."""

    async def collect() -> Iterable[Metric]:
        under_way = GaugeMetricFamily(
            "http_requests_under_way",
            "Running requests, without those that wait for their client or in a queue of the service.",
            load_shedder.under_way,
        )
        limit = GaugeMetricFamily("http_requests_limit", "Limit of running requests, by priority.", labels=["priority"])
        for priority, most in load_shedder.limits.items():
            limit.add_metric([priority], most)
        refused = CounterMetricFamily("http_requests_shed", "Requests refused under overload.", labels=["priority"])
        add_counts(refused, load_shedder.refused)
        return under_way, limit, refused

    return collect


def pools(database: Database) -> MetricCollector:
    """Database connections: their limit, how many are in use, and how often a caller had to wait."""

    async def collect() -> Iterable[Metric]:
        connections = GaugeMetricFamily("db_pool_connections", "Connections in use.", labels=["pool"])
        limit = GaugeMetricFamily("db_pool_limit", "Limit of connections.", labels=["pool"])
        waits = CounterMetricFamily("db_pool_waits", "Waits for a connection.", labels=["pool"])
        for name, engine in (("writing", database.engine), ("reading", database.reading)):
            pool = engine.pool
            if isinstance(pool, CountingPool):
                connections.add_metric([name], pool.checkedout())
                limit.add_metric([name], pool.limit)
                waits.add_metric([name], pool.waits)
        return connections, limit, waits

    return collect


def outbox(database: Database, relay: Relay | None) -> MetricCollector:
    """Events that wait, by target and age; and the counts of this process's relay, if it runs one."""

    async def collect() -> Iterable[Metric]:
        rows = GaugeMetricFamily("outbox_rows", "Events not sent yet.", labels=["target", "type", "state"])
        oldest = GaugeMetricFamily(
            "outbox_oldest_seconds", "Age of the oldest waiting event.", labels=["target", "type"]
        )
        for backlog in await OutboxRepository(ReadSession(database.reading)).status():
            kind = [backlog.target, backlog.type]
            rows.add_metric([*kind, "waiting"], backlog.waiting)
            rows.add_metric([*kind, "parked"], backlog.parked)
            oldest.add_metric(kind, backlog.oldest)
        if relay is None:
            return rows, oldest
        events = CounterMetricFamily("relay_events", "Events sent, refused, parked.", labels=["target", "outcome"])
        failures = GaugeMetricFamily("relay_failures", "Failed attempts in a row.", labels=["target"])
        for target, channel in relay.channels.items():
            for outcome, count in (("sent", channel.sent), ("refused", channel.refused), ("parked", channel.parked)):
                events.add_metric([target, outcome], count)
            failures.add_metric([target], channel.failures)
        return rows, oldest, events, failures

    return collect


def erasures(database: Database, backlog: Executable) -> MetricCollector:
    """Deleted accounts that are not erased yet. `backlog` returns their number, and the oldest's age in seconds."""

    async def collect() -> Iterable[Metric]:
        found = (await ReadSession(database.reading).execute(backlog)).one()
        pending = GaugeMetricFamily(
            "erasures_pending", "Deleted accounts that are not erased yet.", value=found.pending
        )
        age = GaugeMetricFamily("erasure_oldest_seconds", "Age of the oldest pending erasure.", value=found.oldest)
        return pending, age

    return collect


def calls(*clients: ServiceClient) -> MetricCollector:
    """Calls to other services by result, their duration, and the state of each breaker."""

    async def collect() -> Iterable[Metric]:
        made = CounterMetricFamily("client_calls", "Calls to other services.", labels=["peer", "outcome"])
        took = SummaryMetricFamily(
            "client_call_duration_seconds", "Duration of calls, with waiting and retries.", labels=["peer", "outcome"]
        )
        breakers = GaugeMetricFamily("client_breaker", "1 for the breaker's current state.", labels=["peer", "state"])
        for client in clients:
            add_counts(made, client.outcomes, client.audience)
            for outcome, seconds in client.seconds.items():
                took.add_metric([client.audience, outcome], client.outcomes[outcome], seconds)
            for state in BREAKER:
                breakers.add_metric([client.audience, state], float(client.breaker.state == state))
        return made, took, breakers

    return collect


def rate_limits(state: State) -> MetricCollector:
    """Where requests were counted, and the state of the store, if there is one."""

    async def collect() -> Iterable[Metric]:
        store, limits = state.rate_limit_store, state.rate_limits
        if store is None:
            return ()
        hits = CounterMetricFamily(
            "rate_limit_hits", "Counted requests: in the store, in this process, or refused.", labels=["counted"]
        )
        add_counts(hits, limits.hits)
        failures = CounterMetricFamily("rate_limit_store_failures", "Round trips to the store that failed.")
        failures.add_metric([], store.failures)
        away = GaugeMetricFamily(
            "rate_limit_store_away", "1 while the store is not asked.", float(store.breaker.state != "closed")
        )
        return hits, failures, away

    return collect


def checks(verifier: TokenVerifier) -> MetricCollector:
    """Checks of access tokens by result."""

    async def collect() -> Iterable[Metric]:
        made = CounterMetricFamily("token_checks", "Checks of access tokens.", labels=["outcome"])
        add_counts(made, verifier.checks)
        return (made,)

    return collect


def clock(database: DatabaseClock) -> MetricCollector:
    """The skew of this process's clock against the database's."""

    async def collect() -> Iterable[Metric]:
        return (GaugeMetricFamily("clock_skew_seconds", "Seconds ahead of the database's clock.", database.skew),)

    return collect


def add_counts(family: CounterMetricFamily, counts: Mapping[str, int], *labels: str) -> None:
    for outcome, count in counts.items():
        family.add_metric([*labels, outcome], count)
