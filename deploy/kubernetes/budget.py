"""The connection budget: whatever the autoscaler does, no service opens more connections than its database allows.

    (replicas + relays, and those that an update adds) x (pools + overflow + upkeep)  +  migration + reserved
        <= max_connections

During an update, new pods exist beside old ones, which keep their connections until they end. The budget holds without
the pooler, so that it can be bypassed at any time. The pooler's own two limits are checked separately, and that it
reconnects at once.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from common.db.database import UPKEEP
from deploy.kubernetes.manifests import Manifest, named, of_kind
from deploy.services import DATABASES

MIGRATION: Final = 1
RESERVED: Final = 10
"""Connections for superusers, monitoring, replication and a person with psql."""
LONGEST_PAUSE: Final = 2.0
"""Seconds."""
PGBOUNCER: Final = {"default_pool_size": "20", "max_client_conn": "100", "server_login_retry": "15"}
"""What PgBouncer does unless a Pooler has the parameter."""


def budget(manifests: Sequence[Manifest]) -> Iterator[str]:
    for service in DATABASES:
        asked, given = asked_for(manifests, service), max_connections(manifests, service)
        if asked > given:
            yield f"{service} may ask for {asked} connections, and its database gives {given}"
        for pooler in of_kind(manifests, "Pooler"):
            if pooler["spec"]["cluster"]["name"] == f"{service}-db":
                one = per_process(manifests, service)
                directly = relays(manifests, service) * one + MIGRATION
                yield from pooled(pooler, service, replicas(manifests, service) * one, given - directly)


def replicas_are_told(manifests: Sequence[Manifest]) -> Iterator[str]:
    """REPLICAS is the most that the autoscaler may start: without a store, rate limits grow by it."""
    for scaler in of_kind(manifests, "HorizontalPodAutoscaler"):
        service, most = scaler["metadata"]["name"].removesuffix("-api"), scaler["spec"]["maxReplicas"]
        if (told := settings_of(manifests, service).get("REPLICAS")) != str(most):
            yield f"{service} may have {most} replicas, and its REPLICAS are {told}"


def asked_for(manifests: Sequence[Manifest], service: str) -> int:
    """Connections in the worst case: the maximum of replicas, while they and the relays are replaced."""
    processes = replicas(manifests, service) + relays(manifests, service)
    return processes * per_process(manifests, service) + MIGRATION + RESERVED


def replicas(manifests: Sequence[Manifest], service: str) -> int:
    (scaler,) = by_name(manifests, "HorizontalPodAutoscaler", f"{service}-api")
    (deployment,) = by_name(manifests, "Deployment", f"{service}-api")
    return in_update(deployment, scaler["spec"]["maxReplicas"])


def relays(manifests: Sequence[Manifest], service: str) -> int:
    return sum(in_update(one, one["spec"]["replicas"]) for one in by_name(manifests, "Deployment", f"{service}-relay"))


def in_update(deployment: Manifest, replicas: int) -> int:
    """Most pods at once, terminating ones included. If each new pod must be ready for as long as an old one may take to
    end, only one step's pods are terminating; otherwise all may be.
    """
    spec = deployment["spec"]
    surge, unavailable = (int(spec["strategy"]["rollingUpdate"][key]) for key in ("maxSurge", "maxUnavailable"))
    stepwise = spec.get("minReadySeconds", 0) >= spec["template"]["spec"]["terminationGracePeriodSeconds"]
    return replicas + surge + (surge + unavailable if stepwise else replicas)


def settings_of(manifests: Sequence[Manifest], service: str) -> dict[str, str]:
    """The service's own settings take precedence over those of all services."""
    settings: dict[str, str] = {}
    for prefix in ("trivium", f"{service}-settings"):
        for config in of_kind(manifests, "ConfigMap"):
            if re.fullmatch(rf"{prefix}(-\w{{10}})?", config["metadata"]["name"]):
                settings.update(config.get("data", {}))  # a service without settings has an empty one
    return settings


def per_process(manifests: Sequence[Manifest], service: str) -> int:
    settings = settings_of(manifests, service)
    writing, reading, overflow = (int(settings[key]) for key in ("POOL_SIZE", "READ_POOL_SIZE", "MAX_OVERFLOW"))
    return writing + reading + 2 * overflow + UPKEEP


def max_connections(manifests: Sequence[Manifest], service: str) -> int:
    for cluster in by_name(manifests, "Cluster", f"{service}-db"):
        return int(cluster["spec"]["postgresql"]["parameters"]["max_connections"])
    (server,) = by_name(manifests, "StatefulSet", f"{service}-db")
    arguments: list[str] = server["spec"]["template"]["spec"]["containers"][0]["args"]
    return next(int(one.partition("=")[2]) for one in arguments if one.startswith("max_connections="))


def pooled(pooler: Manifest, service: str, clients: int, given: int) -> Iterator[str]:
    """`given`: the database's connections for all poolers, and the one that an update adds."""
    parameters = parameters_of(pooler)
    servers = (pooler["spec"]["instances"] + 1) * int(parameters["default_pool_size"])
    if servers + RESERVED > given:
        yield f"{service}'s poolers may hold {servers} connections, and its database leaves them {given - RESERVED}"
    if clients > int(parameters["max_client_conn"]):
        yield f"{service}'s replicas may ask for {clients} connections, a pooler takes {parameters['max_client_conn']}"


def poolers_reconnect(manifests: Sequence[Manifest]) -> Iterator[str]:
    """After a failed attempt to reach its database, PgBouncer refuses all clients for a while."""
    for pooler in of_kind(manifests, "Pooler"):
        pause = parameters_of(pooler)["server_login_retry"]
        if float(pause) > LONGEST_PAUSE:
            yield f"{named(pooler)} waits {pause} s after a failed attempt to reach its database"


def parameters_of(pooler: Manifest) -> dict[str, str]:
    own: dict[str, str] = pooler["spec"]["pgbouncer"].get("parameters", {})
    return PGBOUNCER | own


def by_name(manifests: Sequence[Manifest], kind: str, name: str) -> list[Manifest]:
    return [one for one in of_kind(manifests, kind) if one["metadata"]["name"] == name]
