"""The application in production's form does what it does elsewhere."""

import pytest

from tests.system.cluster.conftest import FIRST, run_system_tests
from tests.system.cluster.production.conftest import Production
from tests.system.cluster.test_network import compare_flows

pytestmark = pytest.mark.cluster


async def test_the_system_tests_pass(cluster: Production) -> None:
    await run_system_tests(cluster)


async def test_applying_the_same_again_changes_nothing(cluster: Production) -> None:
    """But for selectors of budgets and the operator's defaults, which kubectl compares badly."""
    badly = ("poddisruptionbudget.policy/", "cluster.postgresql.cnpg.io/")
    said = [line for line in cluster.apply(FIRST).splitlines() if not line.startswith(badly)]
    assert [line for line in said if not line.endswith(" unchanged")] == []


async def test_every_needed_flow_is_open_and_no_other(cluster: Production) -> None:
    """Also to databases and poolers: services reach their own pooler, relays and migrations their own database."""
    await compare_flows(cluster)
