"""Faults of processes, nodes and DNS on Kubernetes, under load: `make test-cluster`.

Requests may fail while a fault lasts. Nothing acknowledged is lost, nothing happens twice, and no human is needed.
"""

import asyncio
import time
from collections.abc import Sequence
from typing import Any

import pytest
from httpx import AsyncClient

from deploy.services import STARTED
from tests.system.cluster.conftest import Cluster, note, under_load
from tests.system.conftest import Meet
from tests.system.load import Load

pytestmark = pytest.mark.cluster
BACK_WITHIN = 60.0
"""Seconds after the end of a fault until requests do not fail any more."""
AWAY = 20.0
"""Seconds for which DNS is away."""
UNNOTICED = 90.0
"""Seconds until Kubernetes removes the pods of a lost node from its Services: 50 by its defaults."""


async def calm(load: Load, what: str, since: float) -> None:
    """Wait until nothing has failed for 5 s, and note the seconds since then. Fails after `BACK_WITHIN`."""
    seen, quiet_since = len(load.failed), time.monotonic()
    while time.monotonic() - quiet_since < 5:
        await asyncio.sleep(0.2)
        if len(load.failed) != seen:
            seen, quiet_since = len(load.failed), time.monotonic()
        assert time.monotonic() - since < BACK_WITHIN + 5, f"requests still fail: {load.failed[-1].reason}"
    note(what=what, back_s=round(max(0.0, quiet_since - since), 1))


@pytest.mark.parametrize("service", STARTED)
async def test_a_killed_process_loses_nothing(cluster: Cluster, gateway: AsyncClient, meet: Meet, service: str) -> None:
    """`kill -9` of a container's process: the pod starts it again."""
    (pod, *_) = cluster.pods(f"app.kubernetes.io/name={service},app.kubernetes.io/component=api")
    what = f"kill -9 of a process of {service}"
    async with under_load(cluster, gateway, meet, what) as load:
        kill = ("pkill", "-9", "-o", "-f", f"python -m {service} serve")
        await asyncio.to_thread(cluster.on_node, pod["spec"]["nodeName"], *kill)
        await calm(load, what, time.monotonic())
        await asyncio.to_thread(cluster.settle)


async def test_dns_that_is_away_loses_nothing(cluster: Cluster, gateway: AsyncClient, meet: Meet) -> None:
    """Connections that are open go on; new ones wait for names."""
    scale = ("--namespace", "kube-system", "scale", "deployment", "coredns", "--replicas")
    replicas = cluster.kubectl(
        "--namespace", "kube-system", "get", "deployment", "coredns", "--output", "jsonpath={.spec.replicas}"
    )
    async with under_load(cluster, gateway, meet, "CoreDNS away") as load:
        try:
            await asyncio.to_thread(cluster.kubectl, *scale, "0")
            await asyncio.sleep(AWAY)
        finally:
            await asyncio.to_thread(cluster.kubectl, *scale, replicas)
        await calm(load, "CoreDNS away", time.monotonic())


async def test_everything_restarted_at_once_loses_nothing(cluster: Cluster, gateway: AsyncClient, meet: Meet) -> None:
    """All pods of the namespace, databases and gateway included."""
    async with under_load(cluster, gateway, meet, "all pods deleted at once") as load:
        await asyncio.to_thread(cluster.kubectl, "delete", "pod", "--all", "--wait=false")
        await asyncio.to_thread(cluster.settle)
        await calm(load, "all pods deleted at once, after they are ready", time.monotonic())


async def test_a_lost_node_loses_nothing(cluster: Cluster, gateway: AsyncClient, meet: Meet) -> None:
    """Without a drain. The databases and DNS are on other nodes, since each may have one instance only."""
    lost = cluster.last_node()
    keep_single_pods_off(cluster, lost)
    try:
        async with under_load(cluster, gateway, meet, "a node lost") as load:
            await asyncio.to_thread(cluster.lose, lost)
            await asyncio.sleep(UNNOTICED)
            await calm(load, "a node lost, after it is noticed", time.monotonic())
    finally:
        cluster.regain(lost)
    await asyncio.to_thread(cluster.settle)


def keep_single_pods_off(cluster: Cluster, node: str) -> None:
    with cluster.cordoned(node):
        cluster.restart("kube-system", "coredns")
        if databases := names(cluster.pods("app.kubernetes.io/component=database"), node):
            cluster.kubectl("delete", "pod", *databases)
        cluster.settle()
    for service in STARTED:  # they are spread as usual
        cluster.kubectl("rollout", "restart", f"deployment/{service}-api")
    cluster.settle()


def names(pods: Sequence[dict[str, Any]], node: str) -> list[str]:
    return [pod["metadata"]["name"] for pod in pods if pod["spec"]["nodeName"] == node]
