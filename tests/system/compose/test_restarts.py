"""R-21 on containers: replicas are replaced in turn under load. ROLLS=5 is the long form."""

import asyncio
import os
import sys

import pytest
from httpx import AsyncClient

from deploy.services import STARTED
from tests.system.compose.conftest import ComposeStack, note
from tests.system.conftest import Meet
from tests.system.ledger import Verdict
from tests.system.load import Load
from tests.system.verdict import read_back

ROLLS = int(os.environ.get("ROLLS", "1"))


@pytest.mark.compose
@pytest.mark.parametrize("service", STARTED * ROLLS)
async def test_no_request_fails_while_containers_are_replaced(
    compose_stack: ComposeStack, gateway: AsyncClient, meet: Meet, service: str
) -> None:
    """One container or several: a new one is ready before an old one goes, and `migrate` runs meanwhile."""
    before = compose_stack.containers(service)
    people = [await meet(f"Person {number}") for number in range(5)]
    load = Load(compose_stack.url, 5.0)
    async with load.on(people):
        await asyncio.sleep(1)
        roll = (sys.executable, "-m", "deploy.docker.rolling", service)
        assert await asyncio.to_thread(compose_stack.run, *roll) == f"{service}: {len(before)} replaced"
        await asyncio.sleep(1)
    note(what="replaced", service=service, containers=len(before), **load.figures())
    assert load.failed == []
    assert await read_back(gateway, people, load.ledger) == Verdict()
    after = compose_stack.containers(service)
    assert len(after) == len(before)
    assert not set(after) & set(before)
