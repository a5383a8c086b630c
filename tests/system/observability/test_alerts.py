"""Each alert fires by its cause on a running stack, and each panel shows data: `make test-observability`."""

import asyncio
import os
import shutil
import signal
import subprocess
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from httpx import AsyncClient, ReadTimeout

from deploy.observability.dashboards import dashboards
from deploy.observability.files import FOLDER
from deploy.services import STARTED
from tests.store import running_store
from tests.system.conftest import LocalStack, Person, sign_up
from tests.system.faults.faketime import FakeTime, libfaketime
from tests.system.observability.conftest import FURTHER, PROMETHEUS, Further, Prometheus
from tests.waiting import eventually

pytestmark = pytest.mark.observability
PROMTOOL = os.environ.get("PROMTOOL", "promtool")
NEW = {"title": "First light", "body": "It was a clear night."}
POISON = (
    "INSERT INTO outbox (target, type, subject, version, data)"
    " VALUES ('posts', 'profile', 'profile:1', 1, '{}'), ('auth', 'moderation', 'post:1', 1, '{}')"
)


def test_promtool_finds_the_rules_right() -> None:
    """Each alert fires by made-up series, and none of them if nothing is wrong."""
    for command in (["check", "rules", "rules.yml"], ["test", "rules", "rules_test.yml"]):
        done = subprocess.run([PROMTOOL, *command], cwd=FOLDER, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr


def test_promtool_reads_the_configuration() -> None:
    done = subprocess.run(
        [PROMTOOL, "check", "config", "prometheus.yml"], cwd=FOLDER, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert shutil.which(PROMETHEUS)


@pytest.fixture
async def gateway(watched: LocalStack) -> AsyncIterator[AsyncClient]:
    async with AsyncClient(base_url=watched.url, trust_env=False, timeout=30) as client:
        yield client


def sql(stack: LocalStack, database: str, statement: str) -> None:
    done = stack.run("psql", database, "--arguments", f'-v ON_ERROR_STOP=1 -c "{statement}"')
    assert done.returncode == 0, done.stdout + done.stderr


async def fires(prometheus: Prometheus, *alerts: tuple[str, str]) -> None:
    """Wait until the alerts fire, each for its `job`."""
    await eventually(lambda: set(alerts) <= prometheus.firing(), 0.5)


@contextmanager
def standing_still(stack: LocalStack, service: str) -> Iterator[None]:
    """All processes of a service are stopped (SIGSTOP) meanwhile."""
    pids = [pid for name, pid in stack.pids().items() if name.split("-")[0] == service]
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)


async def use_everything(gateway: AsyncClient) -> Person:
    """A person who signs up, writes, reads, and exports."""
    ada = await sign_up(gateway, "Ada")
    for method, path in (("POST", "/posts"), ("GET", "/posts"), ("GET", "/users/me"), ("GET", "/users/me/export")):
        reply = await gateway.request(method, path, json=NEW if method == "POST" else None, headers=ada.headers)
        assert reply.is_success, reply.text
    return ada


def panels(*, of_waiting_events: bool) -> set[str]:
    """The panels' expressions. Those of waiting events have data only while some wait."""
    return {
        target["expr"].replace("$job", "|".join(STARTED))
        for content in dashboards(STARTED).values()
        for panel in content["panels"]
        for target in panel["targets"]
        if ("outbox_" in target["expr"]) is of_waiting_events
    }


async def test_each_panel_shows_data(prometheus: Prometheus, gateway: AsyncClient) -> None:
    await use_everything(gateway)
    await asyncio.sleep(3)
    await use_everything(gateway)  # a rate needs a change between two scrapes
    await asyncio.sleep(5)
    assert [panel for panel in sorted(panels(of_waiting_events=False)) if not prometheus.query(panel)] == []


async def test_a_service_that_stands_still_is_down_and_late(
    watched: LocalStack, prometheus: Prometheus, gateway: AsyncClient
) -> None:
    """It does not learn of revocations, nor of other events."""
    ada = await use_everything(gateway)
    with standing_still(watched, "posts"):
        signed_out = await gateway.post("/auth/revoke", data={"token": ada.tokens["refresh_token"]})
        assert signed_out.is_success, signed_out.text
        await fires(
            prometheus, ("TriviumDown", "posts"), ("TriviumRevocationsLate", "auth"), ("TriviumEventsLate", "auth")
        )
        assert [panel for panel in sorted(panels(of_waiting_events=True)) if not prometheus.query(panel)] == []
    await eventually(lambda: ("TriviumDown", "posts") not in prometheus.firing(), 0.5)
    await eventually(lambda: ("TriviumEventsLate", "auth") not in prometheus.firing(), 0.5)


async def test_an_event_that_is_refused_is_a_dead_letter(watched: LocalStack, prometheus: Prometheus) -> None:
    sql(watched, "users", POISON)
    await fires(prometheus, ("TriviumDeadLetters", "users"))


async def test_calls_to_a_peer_that_fails_open_the_breaker(
    watched: LocalStack, prometheus: Prometheus, gateway: AsyncClient
) -> None:
    new = [await sign_up(gateway, f"Author {number}") for number in range(8)]
    with standing_still(watched, "users"):
        posting = asyncio.gather(*(gateway.post("/posts", json=NEW, headers=person.headers) for person in new))
        await fires(prometheus, ("TriviumBreakerOpen", "posts"))
        await posting


async def test_more_requests_than_a_process_serves(
    watched: LocalStack, prometheus: Prometheus, gateway: AsyncClient
) -> None:
    """They are refused, which counts as errors, and others wait for a connection."""

    async def ask() -> None:
        async with AsyncClient(base_url=watched.url, trust_env=False, timeout=30) as client:
            while True:
                await client.get("/posts")

    asking = [asyncio.create_task(ask()) for _ in range(40)]
    try:
        names = ("TriviumOverloaded", "TriviumErrorsFast", "TriviumErrorsSlow", "TriviumPoolWaits")
        await fires(prometheus, *((name, "posts") for name in names))
    finally:
        for task in asking:
            task.cancel()
        await asyncio.gather(*asking, return_exceptions=True)


async def test_a_locked_table_makes_answers_slow(
    watched: LocalStack, prometheus: Prometheus, gateway: AsyncClient
) -> None:
    path = f"/users/{(await sign_up(gateway, 'Ada')).id}"
    locked = "BEGIN; LOCK TABLE profiles; SELECT pg_sleep(5); COMMIT"
    locking = asyncio.create_task(asyncio.to_thread(sql, watched, "users", locked))

    async def is_locked() -> bool:
        try:
            await gateway.get(path, timeout=0.3)
        except ReadTimeout:
            return True
        return False

    await eventually(is_locked, 0.1)  # answers of a moment before would make the slow ones a small part
    ends_at = time.monotonic() + 3

    async def ask() -> None:
        while time.monotonic() < ends_at:
            await gateway.get(path)

    await asyncio.gather(*(ask() for _ in range(6)))
    await locking
    await fires(prometheus, ("TriviumSlow", "users"))


async def test_an_erasure_that_cannot_go_on(watched: LocalStack, prometheus: Prometheus) -> None:
    locked = "BEGIN; LOCK TABLE likes IN EXCLUSIVE MODE; SELECT pg_sleep(5); COMMIT"
    locking = asyncio.create_task(asyncio.to_thread(sql, watched, "posts", locked))
    await asyncio.sleep(1)
    late = "INSERT INTO erased (account_id, version, erased_at) VALUES (1, 1, now() - interval '2 hours')"
    await asyncio.to_thread(sql, watched, "posts", late)
    await fires(prometheus, ("TriviumErasureLate", "posts"))
    await locking


async def test_a_process_that_restarts_again_and_again(watched: LocalStack, prometheus: Prometheus) -> None:
    for _ in range(4):
        os.kill(watched.pids()["auth"], signal.SIGKILL)
        await eventually(lambda: prometheus.query('up{job="auth"} == 0'), 0.2)
        await eventually(lambda: prometheus.query('up{job="auth"} == 1'), 0.2)
    await fires(prometheus, ("TriviumRestarts", "auth"))


async def test_a_key_set_that_is_full(watched: LocalStack, prometheus: Prometheus) -> None:
    while watched.run("run", "auth", "keys", "rotate", "--now").returncode == 0:
        assert not prometheus.query("signing_keys_published > signing_keys_limit")
    await fires(prometheus, ("TriviumKeySetFull", "auth"))


async def test_a_clock_that_is_wrong(further: Further, prometheus: Prometheus, tmp_path: Path) -> None:
    library = libfaketime()
    assert library, "Debian's package libfaketime"
    clock = FakeTime(library, tmp_path / "clock")
    with further.process(clock.environment):
        clock.set(-30)
        await fires(prometheus, ("TriviumClockWrong", FURTHER))


async def test_a_log_that_nobody_takes(further: Further, prometheus: Prometheus) -> None:
    with further.process({}, out=Path("/dev/full")):
        await fires(prometheus, ("TriviumLogsLost", FURTHER))


async def test_a_store_of_rate_limits_that_is_away(further: Further, prometheus: Prometheus) -> None:
    with running_store() as store:
        settings = {name.upper(): value for name, value in store.settings.items()}
        settings |= {"RATE_LIMITS": "true", "BREAKER_FAILURES": "1"}
        with further.process(settings) as url:
            async with AsyncClient(base_url=url, trust_env=False, timeout=30) as client:

                async def ask() -> None:
                    assert (await client.get("/posts")).status_code == 200

                async def is_counted() -> bool:
                    await ask()
                    return bool(store.admin.dbsize())

                await eventually(is_counted)
                store.kill()
                await ask()
                await fires(prometheus, ("TriviumRateLimitsApart", FURTHER))
