"""The application in production's form does what it does elsewhere."""

import asyncio
import os
import sys

import pytest

from tests.system.cluster.conftest import FIRST, note, run
from tests.system.cluster.production.conftest import Production
from tests.system.cluster.test_network import compare_flows

pytestmark = pytest.mark.cluster


async def test_the_system_tests_pass(cluster: Production) -> None:
    environment = {**os.environ, "SYSTEM_URL": cluster.url}
    command = [sys.executable, "-m", "pytest", "tests/system", "-m", "stack and not timing"]
    said = await asyncio.to_thread(run, *command, environment=environment)
    note(what="tests/system in production", said=said.splitlines()[-1])


async def test_applying_the_same_again_changes_nothing(cluster: Production) -> None:
    """But for selectors of budgets, which kubectl compares badly."""
    said = [line for line in cluster.apply(FIRST).splitlines() if not line.startswith("poddisruptionbudget.policy/")]
    assert [line for line in said if not line.endswith(" unchanged")] == []


async def test_every_needed_flow_is_open_and_no_other(cluster: Production) -> None:
    """Databases and poolers among them: services reach their own pooler, relays and migrations their own database."""
    await compare_flows(cluster)
