"""The local runner with the real services: restarts after crashes, stored data, no secrets in logs."""

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace

import pytest
from httpx import AsyncClient

from tests.system.conftest import ROOT, LocalStack, Meet, Person
from tests.timing import Within, also_timed
from tests.waiting import GENEROUS, eventually

pytestmark = pytest.mark.stack


async def until_it_answers(gateway: AsyncClient, path: str) -> None:
    async def is_back() -> bool:
        return (await gateway.get(path)).status_code == 200

    await eventually(is_back)


@also_timed
@pytest.mark.parametrize("service", ["auth", "users"])
async def test_a_killed_service_is_back_within_seconds(
    local_stack: LocalStack, gateway: AsyncClient, meet: Meet, service: str, within: Within
) -> None:
    ada = await meet("Ada")
    before = local_stack.pids()
    os.kill(before[service], signal.SIGKILL)
    path = {"auth": "/.well-known/jwks.json", "users": f"/users/{ada.id}"}[service]
    with within(10):
        await until_it_answers(gateway, path)
    after = local_stack.pids()
    assert after[service] != before[service]
    assert {name for name in before if before[name] == after[name]} == before.keys() - {service}


async def until_refused(gateway: AsyncClient, person: Person, paths: Sequence[str]) -> None:
    """Wait until every service refuses a formerly valid token."""

    async def is_refused() -> bool:
        return {(await gateway.get(path, headers=person.headers)).status_code for path in paths} == {401}

    await eventually(is_refused)


async def refreshed(gateway: AsyncClient, person: Person) -> Person:
    form = {"grant_type": "refresh_token", "refresh_token": person.tokens["refresh_token"]}
    reply = await gateway.post("/auth/token", data=form)
    assert reply.status_code == 200, reply.text
    return replace(person, tokens=reply.json())


@also_timed
async def test_roles_and_status_are_felt_in_every_service_within_5_s(
    local_stack: LocalStack, gateway: AsyncClient, meet: Meet, within: Within
) -> None:
    """S-27, S-31c: an admin by the command line, a moderator promoted and demoted, an account disabled."""
    everywhere = [
        "/auth/me",
        "/users/me",
        "/posts/feed",  # only with posts
    ]
    root, mod, ada = await meet("Root"), await meet("Mod"), await meet("Ada")
    # begin: only with posts
    post = (await gateway.post("/posts", json={"title": "t", "body": "b"}, headers=ada.headers)).json()
    comments = f"/posts/{post['id']}/comments"
    first, second = [
        (await gateway.post(comments, json={"body": "b"}, headers=ada.headers)).json()["id"] for _ in range(2)
    ]
    # end: only with posts
    granted = local_stack.run("run", "auth", "grant-role", root.email, "admin")
    assert granted.returncode == 0, granted.stderr
    with within(5):
        await until_refused(gateway, root, everywhere)
    root = await refreshed(gateway, root)

    async def manage(person: Person, **change: object) -> None:
        reply = await gateway.patch(f"/auth/accounts/{person.id}", json=change, headers=root.headers)
        assert reply.status_code == 200, reply.text

    await manage(mod, roles=["moderator"])
    with within(5):
        await until_refused(gateway, mod, everywhere)
    mod = await refreshed(gateway, mod)
    assert (await gateway.delete(f"{comments}/{first}", headers=mod.headers)).status_code == 204  # only with posts
    await manage(mod, roles=[])
    with within(5):
        await until_refused(gateway, mod, everywhere)
    mod = await refreshed(gateway, mod)
    assert (await gateway.delete(f"{comments}/{second}", headers=mod.headers)).status_code == 403  # only with posts
    await manage(ada, status="disabled")
    with within(5):
        await until_refused(gateway, ada, everywhere)
    assert (await gateway.get(f"/posts/{post['id']}")).status_code == 200  # only with posts


def test_the_demo_runs_through(local_stack: LocalStack) -> None:
    demo = [sys.executable, "-m", "deploy.local.demo", local_stack.url]
    done = subprocess.run(demo, cwd=ROOT, capture_output=True, text=True, timeout=GENEROUS, check=False)
    assert done.returncode == 0, done.stdout


async def test_no_password_or_token_is_ever_logged(local_stack: LocalStack, gateway: AsyncClient, meet: Meet) -> None:
    """S-46: neither in our logs nor in those of database and gateway, also for refused requests."""
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
