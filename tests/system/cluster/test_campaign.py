"""A release's life on Kubernetes, under load: `make test-cluster` (RATE=20).

Clients do not repeat failed requests, so all are counted. Everything is read back at the end of each step.
"""

import asyncio
import json
from typing import Any

import httpx
import pytest
from httpx import AsyncClient

from deploy.services import STARTED
from tests.system.cluster.conftest import (
    BROKEN,
    CONTRACTED,
    EXPANDED,
    FIRST,
    MIGRATIONS,
    Cluster,
    note,
    run_system_tests,
    under_load,
)
from tests.system.compose.conftest import status_of
from tests.system.conftest import Meet
from tests.waiting import eventually

pytestmark = pytest.mark.cluster
API = "app.kubernetes.io/component=api"
LIMIT = "/spec/template/spec/containers/0/resources/limits/memory"
MORE_MEMORY = {
    "target": {"kind": "Job"},
    "patch": json.dumps([{"op": "replace", "path": LIMIT, "value": "301Mi"}]),
}
BACK_WITHIN = 10.0
"""Seconds of failed requests of a service whose database pod is replaced: 2 to 6, by the machine's speed."""


async def test_the_system_tests_pass(cluster: Cluster) -> None:
    await run_system_tests(cluster)


async def test_applying_the_same_again_changes_nothing(cluster: Cluster) -> None:
    """No warning, and "configured" only where kubectl compares badly: claims' defaults, and selectors of budgets."""
    said = cluster.apply(FIRST).splitlines()
    others = [line for line in said if not line.startswith(("statefulset.apps/", "poddisruptionbudget.policy/"))]
    assert [line for line in others if not line.endswith(" unchanged")] == []


async def test_a_changed_migration_without_a_new_tag_is_another_job(cluster: Cluster) -> None:
    before = cluster.jobs()
    said = cluster.apply(FIRST, MORE_MEMORY)
    assert said.count(" created") == len(cluster.jobs() - before) == len(STARTED)
    cluster.settle()


@pytest.mark.parametrize(
    ("what", "tag"),
    [
        ("upgrade, which adds a column", EXPANDED),
        ("rollback", FIRST),
        ("upgrade again", EXPANDED),
        ("upgrade, which drops the column", CONTRACTED),
    ],
)
async def test_another_release_fails_no_request(
    cluster: Cluster, gateway: AsyncClient, meet: Meet, what: str, tag: str
) -> None:
    async with under_load(cluster, gateway, meet, what) as load:
        if what == "rollback":
            await asyncio.to_thread(cluster.end_migrations)
        await asyncio.to_thread(cluster.apply, tag)
        await asyncio.to_thread(cluster.settle)
    assert load.failed == []


async def test_a_migration_that_fails_changes_nothing(cluster: Cluster, gateway: AsyncClient, meet: Meet) -> None:
    """The new release's pods are not ready, so the old ones stay. Its withdrawal needs no downgrade."""
    async with under_load(cluster, gateway, meet, "a migration that fails, and its withdrawal") as load:
        await asyncio.to_thread(cluster.apply, BROKEN)
        failing = f"{MIGRATIONS},app.kubernetes.io/name=posts"

        def has_failed() -> bool:
            return any(pod["status"]["phase"] == "Failed" for pod in cluster.pods(failing))

        await eventually(lambda: asyncio.to_thread(has_failed), 1)
        new = [pod for pod in cluster.pods(f"app.kubernetes.io/name=posts,{API}") if image(pod).endswith(BROKEN)]
        assert new
        assert not any(status["ready"] for pod in new for status in pod["status"].get("containerStatuses", []))
        await asyncio.to_thread(cluster.end_migrations)
        await asyncio.to_thread(cluster.apply, CONTRACTED)
        await asyncio.to_thread(cluster.settle)
    assert load.failed == []


def image(pod: dict[str, Any]) -> str:
    name: str = pod["spec"]["containers"][0]["image"]
    return name


@pytest.mark.parametrize("service", STARTED)
async def test_a_deleted_pod_fails_no_request(cluster: Cluster, gateway: AsyncClient, meet: Meet, service: str) -> None:
    selector = f"app.kubernetes.io/name={service},{API}"
    pod = cluster.kubectl("get", "pod", "--selector", selector, "--output", "name").split()[0]
    async with under_load(cluster, gateway, meet, f"a pod of {service} deleted") as load:
        await asyncio.to_thread(cluster.kubectl, "delete", pod)
        await asyncio.to_thread(cluster.settle)
    assert load.failed == []


async def test_a_drained_node_fails_no_request(cluster: Cluster, gateway: AsyncClient, meet: Meet) -> None:
    """Its databases stay, since each has one instance here."""
    nodes = cluster.kubectl("get", "node", "--output", "name").split()
    assert len(nodes) > 1, "a drain needs a second node"
    name = nodes[-1].removeprefix("node/")
    others = "app.kubernetes.io/part-of=trivium,app.kubernetes.io/component!=database"
    try:
        async with under_load(cluster, gateway, meet, "a node drained") as load:
            drain = ("drain", name, "--pod-selector", others, "--delete-emptydir-data", "--timeout", "4m")
            await asyncio.to_thread(cluster.kubectl, *drain)
            await asyncio.to_thread(cluster.settle)
        assert load.failed == []
    finally:
        cluster.kubectl("uncordon", name)


async def test_a_replaced_database_pod_is_back_within_seconds(cluster: Cluster, gateway: AsyncClient) -> None:
    """With a headless Service it took 29 s: without a ready pod it has no name, and DNS caches that."""
    clock = asyncio.get_running_loop().time
    deleting = asyncio.create_task(asyncio.to_thread(cluster.kubectl, "delete", "pod", "posts-db-0"))
    failed: list[float] = []
    answers = 0
    began = clock()
    with httpx.Client(base_url=cluster.url, trust_env=False, timeout=5) as client:
        while not (deleting.done() and failed and clock() - failed[-1] > 5) and clock() - began < 60:
            status = await asyncio.to_thread(status_of, client, f"{cluster.url}/posts")
            answers += 1
            if status != 200:
                failed.append(clock())
            await asyncio.sleep(0.2)
    await deleting
    away = failed[-1] - failed[0] if failed else 0.0
    note(what="a database pod deleted", answers=answers, failed=len(failed), failing_s=round(away, 1))
    assert away < BACK_WITHIN
