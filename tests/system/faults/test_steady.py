# file: only with posts
"""The load of docs/operations/reliability.md without faults, for comparison (R-01)."""

import asyncio
import os

import pytest
from httpx import AsyncClient

from tests.system.conftest import LocalStack, Meet
from tests.system.faults.report import Report
from tests.system.ledger import Verdict
from tests.system.load import Load
from tests.system.verdict import read_back

KINDS = {"reads": ("read",), "writes": ("create", "change", "refresh")}
PROMISED = {"reads": 250.0, "writes": 500.0}
"""Milliseconds, for the 99th percentile."""
STEADY = float(os.environ.get("STEADY", "5"))
ROOM = 3.0 if STEADY >= 30 else 20.0
"""The load, all services and their databases share the cores; in the short form with other processes, too."""


@pytest.mark.faults
async def test_without_faults_everything_is_answered_and_adds_up(
    local_stack: LocalStack, gateway: AsyncClient, meet: Meet, report: Report
) -> None:
    """R-01"""
    people = [await meet(f"Person {number}") for number in range(10)]
    load = Load(local_stack.url, 2.0)
    async with load.on(people):
        await asyncio.sleep(STEADY)
    print(load.figures())
    assert load.failed == []
    assert await read_back(gateway, people, load.ledger) == Verdict()
    figures = load.figures()
    p99 = {name: load.p99(kinds) for name, kinds in KINDS.items()}
    assert {name: ms for name, ms in p99.items() if ms > ROOM * PROMISED[name]} == {}
    told = ", ".join(f"{name} {ms:.0f} ms" for name, ms in p99.items())
    report.fault(
        row="R-01",
        fault=f"none, {figures['requests']} requests: median {figures['p50_ms']} ms, p99 of {told}",
        times=0,
    )
