"""CloudNativePG under load: switchovers, lost primaries, and poolers that are restarted.

Clients do not repeat failed requests, so all are counted. Everything is read back at the end of each step.
"""

import asyncio
import time

import pytest
from httpx import AsyncClient

from deploy.services import STARTED
from tests.system.cluster.conftest import note, under_load
from tests.system.cluster.production.conftest import GATEWAYS, Production
from tests.system.cluster.test_faults import UNNOTICED, calm
from tests.system.compose.conftest import until
from tests.system.conftest import Meet
from tests.system.ledger import NO_RETRY_AFTER
from tests.system.load import Load

pytestmark = pytest.mark.cluster
SINGLE = {"cnpg-system": "cnpg-controller-manager", "kube-system": "coredns", GATEWAYS: "gateway"}
"""Deployments with one pod: a namespace and a name."""


@pytest.mark.parametrize("service", STARTED)
async def test_a_switchover_loses_nothing(cluster: Production, gateway: AsyncClient, meet: Meet, service: str) -> None:
    """By the operator's own command. Between the two primaries there is none for some seconds: 503 with Retry-After."""
    await asyncio.to_thread(cluster.settle)
    standby = cluster.standby(service)
    what = f"switchover of {service}"
    async with under_load(cluster, gateway, meet, what) as load:
        began = time.monotonic()
        await asyncio.to_thread(cluster.promote, service, standby)
        await calm(load, what, began)
        await asyncio.to_thread(cluster.settle)
    assert cluster.primary(service) == standby
    note_gap(load, what)


def note_gap(load: Load, what: str) -> None:
    """Seconds from the first failed request to the end of the last. Each refusal says when to try again."""
    failed = load.failed
    assert [one.reason for one in failed if NO_RETRY_AFTER in one.reason] == []
    gap = max((one.ended for one in failed), default=0.0) - min((one.at for one in failed), default=0.0)
    note(what=what, failing_s=round(gap, 1))


@pytest.mark.parametrize("service", STARTED)
async def test_a_lost_primary_loses_nothing(
    cluster: Production, gateway: AsyncClient, meet: Meet, service: str
) -> None:
    """Its process and its pod end at once; a commit that was acknowledged is on the standby."""
    await asyncio.to_thread(cluster.settle)
    primary = cluster.primary(service)
    what = f"the primary of {service} killed"
    async with under_load(cluster, gateway, meet, what) as load:
        began = time.monotonic()
        await asyncio.to_thread(cluster.kubectl, "delete", "pod", primary, "--grace-period", "0", "--force")
        await calm(load, what, began)
        await asyncio.to_thread(cluster.settle)
    note_gap(load, what)


async def test_poolers_restarted_in_turn_lose_nothing(cluster: Production, gateway: AsyncClient, meet: Meet) -> None:
    """A connection ends with its pooler."""
    what = "poolers of posts restarted in turn"
    async with under_load(cluster, gateway, meet, what) as load:
        await asyncio.to_thread(cluster.kubectl, "rollout", "restart", "deployment/posts-pooler")
        await asyncio.to_thread(cluster.settle)
        await calm(load, what, time.monotonic())
    note_gap(load, what)


async def test_a_lost_node_with_a_primary_loses_nothing(cluster: Production, gateway: AsyncClient, meet: Meet) -> None:
    """Without a drain, with what else is on it. The operator, DNS and the gateway, one pod each here, are elsewhere."""
    lost = cluster.last_node()
    with cluster.cordoned(lost):  # primaries leave it, too
        for namespace, deployment in SINGLE.items():
            cluster.restart(namespace, deployment)
    await asyncio.to_thread(cluster.settle)
    if cluster.node_of(cluster.primary("posts")) != lost:
        cluster.promote("posts", cluster.standby("posts"))
        await asyncio.to_thread(cluster.settle)
    await asyncio.to_thread(until, f"{cluster.url}/healthz", 200, 30)
    assert cluster.node_of(cluster.primary("posts")) == lost
    try:
        async with under_load(cluster, gateway, meet, "a node with a primary lost") as load:
            await asyncio.to_thread(cluster.lose, lost)
            await asyncio.sleep(UNNOTICED)
            await calm(load, "a node with a primary lost, after it is noticed", time.monotonic())
    finally:
        cluster.regain(lost)
    assert cluster.node_of(cluster.primary("posts")) != lost
    await asyncio.to_thread(cluster.settle)
