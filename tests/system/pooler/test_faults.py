"""PgBouncer and PostgreSQL restarted under load, without retries: `make test-pooler`.

Requests may fail while a fault lasts. Nothing acknowledged is lost, nothing happens twice, and no human is needed.
"""

import asyncio
import os
import signal
import sys
import time

import pytest
from httpx import AsyncClient

from deploy.local.stack import ROOT
from tests.system.conftest import Meet
from tests.system.load import Load
from tests.system.pooler.conftest import PooledStack, note, under_load
from tests.waiting import GENEROUS

pytestmark = pytest.mark.pooler
PAUSE = 3.0
"""Seconds for which the poolers hold all statements, or are away: as long as a switchover of the database."""
BACK_WITHIN = 10.0
"""Seconds. A restarted database takes 5, and 16 with PgBouncer's default of `server_login_retry`."""


async def test_the_system_tests_pass(pooled: PooledStack) -> None:
    environment = {**os.environ, "SYSTEM_URL": pooled.stack.url}
    command = [sys.executable, "-m", "pytest", "tests/system", "-m", "stack and not timing"]
    running = await asyncio.create_subprocess_exec(
        *command, cwd=ROOT, env=environment, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    try:
        said = (await asyncio.wait_for(running.communicate(), 5 * GENEROUS))[0].decode()
    finally:
        if running.returncode is None:
            running.kill()
            await running.wait()
    assert running.returncode == 0, said[-3000:]
    note(what="tests/system", said=said.splitlines()[-1])


async def calm(load: Load, what: str, since: float) -> None:
    """Wait until nothing has failed for 4 s, and note the seconds between the end of the fault and the last failure."""
    seen, quiet_since = len(load.failed), since
    while time.monotonic() - quiet_since < 4:
        await asyncio.sleep(0.1)
        if len(load.failed) != seen:
            seen, quiet_since = len(load.failed), time.monotonic()
        assert time.monotonic() - since < GENEROUS, f"requests still fail: {load.failed[-1].reason}"
    back = max((outcome.ended for outcome in load.failed), default=since) - since
    note(what=what, back_s=round(max(0.0, back), 1))
    assert back < BACK_WITHIN


@pytest.mark.parametrize("command", [None, "RELOAD", "RECONNECT"])
async def test_a_changed_configuration_fails_no_request(
    pooled: PooledStack, gateway: AsyncClient, meet: Meet, command: str | None
) -> None:
    """None is SIGHUP. RECONNECT replaces the server connections, as after a switchover."""
    what = command or "SIGHUP"
    async with under_load(pooled, gateway, meet, what) as load:
        for instance in pooled.instances:
            if command:
                await asyncio.to_thread(instance.say, command)
            else:
                instance.signal(signal.SIGHUP)
            await asyncio.sleep(0.5)
        await asyncio.sleep(2)
    assert load.failed == []


async def test_a_pause_loses_nothing(pooled: PooledStack, gateway: AsyncClient, meet: Meet) -> None:
    """PAUSE holds all new statements, as before a planned switchover.

    RESUME comes on the same connection: PgBouncer looks up new ones in the database, and that waits as well.
    """
    what = f"PAUSE for {PAUSE:.0f} s"
    commands = ("PAUSE", f"\\! sleep {PAUSE}", "RESUME")
    async with under_load(pooled, gateway, meet, what) as load:
        await asyncio.gather(*(asyncio.to_thread(one.say, *commands) for one in pooled.instances))
        await calm(load, what, time.monotonic())


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
async def test_one_of_two_poolers_that_ends_loses_nothing(
    pooled: PooledStack, gateway: AsyncClient, meet: Meet, how: signal.Signals
) -> None:
    """SIGTERM ends it like Kubernetes: PgBouncer waits for its clients, which stay, and is killed in the end."""
    what = f"one of two poolers ended by {how.name}, for {PAUSE:.0f} s"
    async with under_load(pooled, gateway, meet, what) as load:
        ending = [asyncio.to_thread(pooler.instances[0].signal, how) for pooler in pooled.poolers.values()]
        await asyncio.gather(*ending)
        await asyncio.sleep(PAUSE)
        for pooler in pooled.poolers.values():
            pooler.instances[0].start()
        await calm(load, what, time.monotonic())


async def test_all_poolers_killed_lose_nothing(pooled: PooledStack, gateway: AsyncClient, meet: Meet) -> None:
    what = f"all poolers killed, for {PAUSE:.0f} s"
    async with under_load(pooled, gateway, meet, what) as load:
        for instance in pooled.instances:
            instance.signal(signal.SIGKILL)
        await asyncio.sleep(PAUSE)
        for instance in pooled.instances:
            instance.start()
        await calm(load, what, time.monotonic())


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
async def test_a_restarted_database_behind_them_loses_nothing(
    pooled: PooledStack, gateway: AsyncClient, meet: Meet, how: signal.Signals
) -> None:
    """SIGINT is PostgreSQL's fast shutdown. The stack's runner starts it again."""
    what = f"PostgreSQL ended by {how.name}, and started again"
    async with under_load(pooled, gateway, meet, what) as load:
        os.kill(pooled.stack.pids()["postgres"], how)
        await calm(load, what, time.monotonic())
