"""A HorizontalPodAutoscaler follows the load, without a failed request."""

import asyncio
import json
import time

import pytest
from httpx import AsyncClient

from tests.system.cluster.conftest import FIRST, note, under_load
from tests.system.cluster.production.conftest import Production
from tests.system.conftest import Meet

pytestmark = pytest.mark.cluster
BUSY = 0.02
"""Average CPUs of a replica above which there shall be more: production's 0.6 would need a machine of more cores."""
EAGER = {
    "target": {"kind": "HorizontalPodAutoscaler", "name": "posts-api"},
    "patch": json.dumps(
        [
            {"op": "replace", "path": "/spec/metrics/0/resource/target/averageValue", "value": f"{BUSY * 1000:.0f}m"},
            {"op": "replace", "path": "/spec/behavior/scaleDown/stabilizationWindowSeconds", "value": 15},
        ]
    ),
}
SCALED_WITHIN = 300.0


async def replicas_of_posts(cluster: Production, wanted: range) -> int:
    """Wait until so many are ready. `wanted` is a range."""
    ends_at = time.monotonic() + SCALED_WITHIN
    while time.monotonic() < ends_at:
        said = await asyncio.to_thread(
            cluster.kubectl, "get", "deployment", "posts-api", "--output", "jsonpath={.status.readyReplicas}"
        )
        if int(said or 0) in wanted:
            return int(said)
        await asyncio.sleep(2)
    pytest.fail(f"{said} replicas after {SCALED_WITHIN} s, {cluster.kubectl('describe', 'hpa', 'posts-api')}")


async def test_replicas_follow_the_load(cluster: Production, gateway: AsyncClient, meet: Meet) -> None:
    await asyncio.to_thread(cluster.apply, FIRST, EAGER)
    try:
        began = time.monotonic()
        async with under_load(cluster, gateway, meet, "replicas of posts: from 2 up") as load:
            most = await replicas_of_posts(cluster, range(5, 7))
        assert load.failed == []
        note(what="replicas of posts: from 2 up", replicas=most, seconds=round(time.monotonic() - began))
        began = time.monotonic()
        assert await replicas_of_posts(cluster, range(1, 3)) == 2
        note(what="replicas of posts: back to 2", seconds=round(time.monotonic() - began))
    finally:
        await asyncio.to_thread(cluster.apply, FIRST)
