"""The local runner with the real services: what dies comes back, what was stored stays, nothing secret is logged."""

import asyncio
import os
import signal
import subprocess
import sys
import time

import pytest
from httpx import AsyncClient

from tests.system.conftest import ROOT, LocalStack, Meet


async def until_it_answers(gateway: AsyncClient, path: str, seconds: float) -> None:
    ends_at = time.monotonic() + seconds
    while (await gateway.get(path)).status_code != 200:
        assert time.monotonic() < ends_at, f"{path} is not back after {seconds} s"
        await asyncio.sleep(0.1)


@pytest.mark.parametrize("service", ["auth", "users"])
async def test_a_killed_service_is_back_within_seconds(
    local_stack: LocalStack, gateway: AsyncClient, meet: Meet, service: str
) -> None:
    ada = await meet("Ada")
    before = local_stack.pids()
    os.kill(before[service], signal.SIGKILL)
    path = {"auth": "/.well-known/jwks.json", "users": f"/users/{ada.id}"}[service]
    await until_it_answers(gateway, path, 10)
    after = local_stack.pids()
    assert after[service] != before[service]
    assert {name for name in before if before[name] == after[name]} == before.keys() - {service}


async def test_a_second_start_finds_the_data(local_stack: LocalStack, gateway: AsyncClient, meet: Meet) -> None:
    ada = await meet("Ada")
    post = (await gateway.post("/posts", json={"title": "t", "body": "b"}, headers=ada.headers)).json()
    assert local_stack.run("stop").returncode == 0
    assert local_stack.pids() == {}
    started = local_stack.run("start")
    assert started.returncode == 0, started.stdout + started.stderr
    assert (await gateway.get(f"/posts/{post['id']}")).json()["title"] == "t"
    assert (await gateway.get("/users/me", headers=ada.headers)).json()["email"] == ada.email
    form = {"grant_type": "refresh_token", "refresh_token": ada.tokens["refresh_token"]}
    assert (await gateway.post("/auth/token", data=form)).status_code == 200


def test_the_demo_runs_through(local_stack: LocalStack) -> None:
    demo = [sys.executable, "-m", "deploy.local.demo", local_stack.url]
    done = subprocess.run(demo, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout


async def test_no_password_or_token_is_ever_logged(local_stack: LocalStack, gateway: AsyncClient, meet: Meet) -> None:
    """S-46: not in our logs, nor in the database's or the gateway's, also when a request is refused."""
    ada = await meet("Ada")
    wrong = "wrong-" + ada.password
    await gateway.post("/auth/token", data={"username": ada.email, "password": wrong})
    await gateway.post("/auth/register", json={"email": ada.email, "password": wrong, "name": 7})
    await gateway.get("/users/me", headers={"Authorization": f"Bearer {ada.tokens['access_token']}x"})
    await gateway.post("/auth/revoke", data={"token": ada.tokens["refresh_token"]})
    stored = [path.read_text() for path in (local_stack.folder / "secrets").iterdir()]
    assert len(stored) >= 10
    logs = "".join(path.read_text(errors="replace") for path in (local_stack.folder / "logs").iterdir())
    assert "/auth/token" in logs
    for secret in (ada.password, wrong, ada.tokens["access_token"], ada.tokens["refresh_token"], ada.email, *stored):
        assert secret not in logs
