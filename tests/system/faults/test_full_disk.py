# file: only with posts
"""PostgreSQL's volume is full: reads work, writes are refused, and with free space all works again (R-23).

On a small tmpfs, which only root can mount; otherwise the report says that it was not tested.
"""

import asyncio
import contextlib
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest
from httpx import AsyncClient

from deploy.local.postgres_home import usable_home
from deploy.local.state import read_state
from tests.system.conftest import LocalStack, sign_up
from tests.system.faults.report import SEEN_WITHIN, Report
from tests.system.faults.watch import Watch
from tests.system.ledger import Outcome, Verdict
from tests.system.load import Load
from tests.system.verdict import read_back

SIZE = "400m"
FULL_FOR = 4.0
BACK_WITHIN = 30.0
"""Seconds, by R-23."""
FRESH_LOG = ("SELECT pg_switch_wal()", "SELECT pg_logical_emit_message(true, 'fresh', 'log')")
"""16 MB of write-ahead log: after the first write its file has its space; before that it would not."""
WASTE_LOG = "SELECT pg_logical_emit_message(false, 'full', repeat('x', 1000000)) FROM generate_series(1, 64)"
"""64 MB of write-ahead log, for which there is no space: PostgreSQL shuts down."""


@pytest.fixture
def volume(tmp_path: Path) -> Iterator[Path | None]:
    """The folder of a stack whose PostgreSQL has little space; None if mounting is impossible."""
    home = usable_home(tmp_path / "stack" / "postgres")
    home.mkdir(parents=True)
    mount, umount = shutil.which("mount"), shutil.which("umount")
    command: list[str | Path] = [mount or "mount", "-t", "tmpfs", "-o", f"size={SIZE},mode=755", "none", home]
    mounted = mount and umount and subprocess.run(command, capture_output=True, check=False).returncode == 0
    try:
        yield tmp_path / "stack" if mounted else None
    finally:
        if mounted:
            subprocess.run([umount or "umount", home], check=True)
        shutil.rmtree(home)


@pytest.fixture
def local_stack(volume: Path | None) -> Iterator[LocalStack | None]:
    """Replaces the stack that all tests share."""
    if volume is None:
        yield None
        return
    stack = LocalStack(volume)
    started = stack.run("start")
    try:
        assert started.returncode == 0, started.stdout + started.stderr
        yield stack
    finally:
        stack.run("stop")


class Filler:
    """A file that fills the volume."""

    def __init__(self, stack: LocalStack) -> None:
        self.file = usable_home(stack.folder / "postgres") / "filler"

    def fill(self) -> None:
        taken = 0
        with self.file.open("wb") as file:
            for step in (32 << 20, 1 << 20, 1 << 12):
                with contextlib.suppress(OSError):  # no space for a step of this size
                    while True:
                        os.posix_fallocate(file.fileno(), taken, step)
                        taken += step

    def give_back(self) -> None:
        self.file.unlink()


async def run_as_superuser(stack: LocalStack, statement: str) -> str:
    """PostgreSQL's output for a statement."""
    state = read_state(stack.folder)
    server = state.process("postgres") if state else None
    assert server
    password = (usable_home(stack.folder / "postgres") / "password").read_text()
    try:
        connection = await asyncpg.connect(
            host="127.0.0.1", port=server.port, user="postgres", password=password, database="posts"
        )
        try:
            await connection.execute(statement)
        finally:
            connection.terminate()
    except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError) as error:
        return str(error)
    return ""


def database_log(stack: LocalStack) -> str:
    return (stack.folder / "logs" / "postgres.log").read_text()


async def first_good(load: Load, moment: float, kinds: set[str]) -> float:
    """Seconds until a request of each kind that began after the moment has succeeded."""
    while kinds - {one.kind for one in load.outcomes if one.at > moment and not one.reason}:
        assert time.monotonic() - moment < BACK_WITHIN, load.outcomes[-3:]
        await asyncio.sleep(0.05)
    return time.monotonic() - moment


async def until_refused(gateway: AsyncClient, headers: dict[str, str]) -> float:
    """A post that needs space is refused."""
    began = time.monotonic()
    while True:
        body = {"title": "large", "body": os.urandom(20_000).hex()}
        reply = await gateway.post("/posts", json=body, headers=headers)
        if reply.status_code == 503:
            assert "Retry-After" in reply.headers
            return time.monotonic() - began
        assert reply.status_code == 201, reply.text
        assert time.monotonic() - began < SEEN_WITHIN


async def until_said(stack: LocalStack, words: str, moment: float) -> float:
    """Seconds from that moment until PostgreSQL logs it."""
    while words not in database_log(stack):
        assert time.monotonic() - moment < SEEN_WITHIN, (words, database_log(stack)[-2000:])
        await asyncio.sleep(0.1)
    return time.monotonic() - moment


def between(load: Load, began: float, ended: float, kind: str) -> list[Outcome]:
    return [one for one in load.outcomes if one.kind == kind and one.at >= began and one.ended <= ended]


@pytest.mark.faults
async def test_a_full_volume_refuses_writes_and_serves_reads_until_there_is_room(
    local_stack: LocalStack | None, report: Report
) -> None:
    """R-23, R-30. Without space for the write-ahead log PostgreSQL ends; with space it restarts."""
    if local_stack is None:
        report.fault(row="R-23", fault="volume full", times=0, verdict="not tried: mounting a small one needs root")
        return
    filler, watch = Filler(local_stack), Watch(local_stack)
    async with AsyncClient(base_url=local_stack.url, timeout=15, trust_env=False) as gateway:
        people = [await sign_up(gateway, f"Person {number}") for number in range(5)]
        writer = await sign_up(gateway, "Writer")
        load = Load(local_stack.url, 2.0)
        async with watch.on(), load.on(people) as users:
            await first_good(load, time.monotonic(), {"create"})
            for statement in FRESH_LOG:
                assert not await run_as_superuser(local_stack, statement)
            filler.fill()
            full_at = time.monotonic()
            refused_after = await until_refused(gateway, writer.headers)
            said_after = await until_said(local_stack, "could not extend", full_at)
            await asyncio.sleep(FULL_FOR)
            reads = between(load, full_at, time.monotonic(), "read")
            filler.give_back()
            roomy = await first_good(load, time.monotonic(), {"create", "change", "refresh", "read"})

            filler.fill()
            no_log_at = time.monotonic()
            assert await run_as_superuser(local_stack, WASTE_LOG), "there was room after all"
            ended_after = await until_said(local_stack, "PANIC", no_log_at)
            await asyncio.sleep(FULL_FOR)
            filler.give_back()
            empty_at = time.monotonic()
            logged = await first_good(load, empty_at, {"create", "change", "refresh", "read"})
            await watch.until_green(empty_at, BACK_WITHIN)
            await asyncio.sleep(2)
            await users.repeat_unknown()
        verdict = await read_back(gateway, people, load.ledger)
    ended = {"readiness": min(watch.red_since(no_log_at).values()), "log": ended_after}
    print(
        f"refused after {refused_after:.1f} s; back {roomy:.1f} s, {logged:.1f} s after there was room", load.figures()
    )
    assert verdict == Verdict()
    assert [one for one in reads if one.reason] == []
    assert reads
    assert [one for one in load.outcomes if one.reason.startswith("500")] == []
    report.fault(row="R-23", fault="volume full: reads go on", recovery_s=roomy, seen={"log": said_after})
    report.fault(row="R-23", fault="no room for the write-ahead log", recovery_s=logged, seen=ended)
