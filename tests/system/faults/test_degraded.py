# file: only with posts
"""auth and users are down: reading and writing posts works until tokens expire.

`make faults` has AWAY_BOTH=30; .ci/run is shorter.
"""

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import pytest
from httpx import AsyncClient

from deploy.local.state import read_state
from tests.system.conftest import LocalStack, Meet, Person
from tests.system.faults.report import Report
from tests.system.faults.watch import Watch

AWAY = float(os.environ.get("AWAY_BOTH", "5"))
BACK_WITHIN = 60.0
PAUSE = 0.1
AUTH_AND_USERS = ("auth", "users")
Away = Callable[[LocalStack], AbstractAsyncContextManager[None]]


async def read_and_write(gateway: AsyncClient, person: Person, number: int, took: list[float]) -> None:
    """Requests of readers and signed-in people to posts; all succeed."""
    key = {**person.headers, "Idempotency-Key": f"away-{number}"}
    began = time.monotonic()
    anonymous = await gateway.get("/posts?limit=5")
    new = await gateway.post("/posts", json={"title": f"away {number}", "body": "b"}, headers=key)
    assert (anonymous.status_code, new.status_code) == (200, 201), (anonymous.text, new.text)
    path = f"/posts/{new.json()['id']}"
    said = await gateway.post(f"{path}/comments", json={"body": "c"}, headers=person.headers)
    liked = await gateway.put(f"{path}/like", headers=person.headers)
    feed = await gateway.get("/posts/feed", headers=person.headers)
    assert (said.status_code, liked.status_code, feed.status_code) == (201, 204, 200), (said.text, liked.text)
    assert new.json()["author"]["name"] == person.name
    took.append((time.monotonic() - began) / 5)


@asynccontextmanager
async def stopped(stack: LocalStack) -> AsyncIterator[None]:
    """Both are stopped: connections are accepted, but not answered."""
    pids = [stack.pids()[name] for name in AUTH_AND_USERS]
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)


@asynccontextmanager
async def gone(stack: LocalStack) -> AsyncIterator[None]:
    """Both have ended, and are not restarted: the runner is stopped."""
    state = read_state(stack.folder)
    assert state
    pids = [stack.pids()[name] for name in AUTH_AND_USERS]
    os.kill(state.runner.pid, signal.SIGSTOP)
    try:
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
        yield
    finally:
        os.kill(state.runner.pid, signal.SIGCONT)


async def restart_posts(stack: LocalStack, watch: Watch) -> None:
    """One after the other: their successors read the keys from their own database."""
    for name in ("posts-1", "posts-2"):
        told_at = time.monotonic()
        before = stack.pids()[name]
        os.kill(before, signal.SIGTERM)
        while stack.pids().get(name) in (before, None) or not watch.looks[name][-1].green:
            assert time.monotonic() - told_at < BACK_WITHIN
            await asyncio.sleep(0.1)


@pytest.mark.faults
@pytest.mark.parametrize("away", [stopped, gone])
async def test_without_auth_and_users_posts_are_read_and_written(
    local_stack: LocalStack, gateway: AsyncClient, meet: Meet, report: Report, away: Away
) -> None:
    """Also by a newly started posts (R-22, S-22), with its stored keys."""
    ada = await meet("Ada")
    assert (await gateway.get("/users/me", headers=ada.headers)).status_code == 200
    took: list[float] = []
    await read_and_write(gateway, ada, -1, [])
    watch = Watch(local_stack)
    async with watch.on():
        async with away(local_stack):
            began, number = time.monotonic(), 0
            restarting = asyncio.create_task(restart_posts(local_stack, watch)) if away is stopped else None
            while time.monotonic() - began < AWAY or (restarting and not restarting.done()):
                await read_and_write(gateway, ada, number, took)
                number += 1
                await asyncio.sleep(PAUSE)
            if restarting:
                await restarting
            unknown = await gateway.get("/users/me", headers=ada.headers, timeout=2) if away is gone else None
            assert unknown is None or unknown.status_code in {502, 503}
        back = await watch.until_green(time.monotonic(), BACK_WITHIN)
    seen = watch.red_since(began)
    assert set(AUTH_AND_USERS) <= seen.keys()
    count = -1
    ends_at = time.monotonic() + 30
    while count != number + 1 and time.monotonic() < ends_at:
        count = (await gateway.get(f"/users/{ada.id}")).json()["posts_count"]
        await asyncio.sleep(0.1)
    assert count == number + 1, "users learns of every post"
    print(f"{number} rounds, {sum(took) / len(took) * 1000:.0f} ms a request, at most {max(took) * 1000:.0f}")
    how = "stopped, and posts restarted" if restarting else "gone"
    report.fault(
        row="R-08",
        fault=f"auth and users {how}, for {AWAY:.0f} s",
        kills=len(AUTH_AND_USERS) if away is gone else 0,
        recovery_s=back,
        seen={"readiness": max(seen[name] for name in AUTH_AND_USERS)},
    )
