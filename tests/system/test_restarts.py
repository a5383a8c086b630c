# file: only with posts
"""R-21: restarts under load. `make test-restarts` is the long form: all services, 5 rounds."""

import asyncio
import json
import os

import pytest
from httpx import AsyncClient

from tests.system.conftest import ROOT, LocalStack, Meet
from tests.system.ledger import Verdict
from tests.system.load import Load
from tests.system.verdict import read_back

ROUNDS = int(os.environ.get("RESTARTS", "1"))
SLOW = 5.0 if ROUNDS > 1 else 2.0
SETTLE = 0.5


@pytest.mark.faults
async def test_no_request_fails_while_replicas_are_restarted(
    local_stack: LocalStack, gateway: AsyncClient, meet: Meet
) -> None:
    """R-21: no error, no reset, with slow uploads all the time; each acknowledged write exists once."""
    before = local_stack.pids()
    replicated = sorted({name.partition("-")[0] for name in before if "-" in name})
    for service in replicated * ROUNDS:
        people = [await meet(f"Person {number}") for number in range(5)]  # tokens last five minutes
        load = Load(local_stack.url, SLOW)
        async with load.on(people):
            await asyncio.sleep(SETTLE)
            restarted = await asyncio.to_thread(local_stack.run, "restart", service)
            await asyncio.sleep(SETTLE)
        assert restarted.stdout == f"{service}-1 restarted\n{service}-2 restarted\n", restarted.stderr
        note(service, load)
        assert load.failed == []
        assert await read_back(gateway, people, load.ledger) == Verdict()
    assert all((before[name] != pid) == ("-" in name) for name, pid in local_stack.pids().items())


def note(service: str, load: Load) -> None:
    """Record the figures in `.local/restarts.json`, one line per restart."""
    (ROOT / ".local").mkdir(exist_ok=True)
    with (ROOT / ".local" / "restarts.json").open("a") as file:
        file.write(json.dumps({"service": service, "slow_s": load.slow_s, **load.figures()}) + "\n")
