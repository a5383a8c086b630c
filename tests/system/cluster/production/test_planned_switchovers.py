"""Switchovers by `deploy/kubernetes/switchover.sh`, as docs/operations/deploy.md has it: no request fails."""

import asyncio
from collections.abc import Iterator

import pytest
from httpx import AsyncClient

from deploy.services import STARTED
from tests.system.cluster.conftest import FIRST, under_load
from tests.system.cluster.production.conftest import Production
from tests.system.conftest import Meet

pytestmark = pytest.mark.cluster


@pytest.fixture(scope="module")
def patient(cluster: Production) -> Iterator[Production]:
    """Requests may wait for a connection while statements wait in the poolers."""
    cluster.literals = ("POOL_TIMEOUT=15", "REQUESTS_AT_ONCE=200")
    cluster.apply(FIRST)
    cluster.settle()
    yield cluster
    cluster.literals = ()
    cluster.apply(FIRST)
    cluster.settle()


@pytest.mark.parametrize("service", STARTED)
async def test_a_planned_switchover_fails_nothing(
    patient: Production, gateway: AsyncClient, meet: Meet, service: str
) -> None:
    await asyncio.to_thread(patient.settle)
    standby = patient.standby(service)
    async with under_load(patient, gateway, meet, f"planned switchover of {service}") as load:
        await asyncio.to_thread(patient.switch_over, service, standby)
    assert patient.primary(service) == standby
    assert load.failed == []
