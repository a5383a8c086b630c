"""Faults of containers and their machine: no stored data is lost, and the stack recovers by itself."""

import asyncio
import os
import secrets
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from httpx import AsyncClient

from deploy.services import STARTED
from tests.system.compose.conftest import ComposeStack, note, until
from tests.system.conftest import Meet, Person
from tests.system.verdict import items

pytestmark = pytest.mark.compose
SMALL_VOLUME = "volumes: {posts-data: {driver_opts: {type: tmpfs, device: tmpfs, o: 'size=150m,uid=999,mode=700'}}}"


async def write(gateway: AsyncClient, person: Person, title: str, body: str = "b") -> int:
    """The answer's status."""
    reply = await gateway.post("/posts", json={"title": title, "body": body}, headers=person.headers)
    return reply.status_code


async def titles(gateway: AsyncClient, person: Person) -> set[str]:
    return {post["title"] async for post in items(gateway, f"/posts?author_id={person.id}", {})}


@pytest.mark.parametrize("service", [*STARTED, "gateway"])
async def test_a_killed_container_is_back_within_10_seconds(
    compose_stack: ComposeStack, gateway: AsyncClient, meet: Meet, service: str
) -> None:
    """R-02. Kills the process, since Docker does not restart a container after its own `kill`."""
    ada = await meet("Ada")
    assert await write(gateway, ada, "kept") == 201
    os.kill(compose_stack.pid(service), signal.SIGKILL)
    path = {"auth": "/.well-known/jwks.json", "users": f"/users/{ada.id}"}.get(service, "/posts")
    await asyncio.sleep(0.5)
    note(what="killed", service=service, back_after_s=round(until(compose_stack.url + path, 200, 10), 1))
    assert await titles(gateway, ada) == {"kept"}


async def test_a_stopped_database_takes_only_its_own_service_with_it(
    compose_stack: ComposeStack, gateway: AsyncClient, meet: Meet
) -> None:
    """R-05: 503 with Retry-After while it is down, and normal service within 5 seconds."""
    ada = await meet("Ada")
    assert await write(gateway, ada, "kept") == 201
    await asyncio.to_thread(compose_stack.compose, "stop", "posts-db")
    away = await gateway.get("/posts")
    assert (away.status_code, "Retry-After" in away.headers) == (503, True)
    assert await write(gateway, ada, "refused") == 503
    assert (await gateway.get("/users/me", headers=ada.headers)).status_code == 200
    await asyncio.to_thread(compose_stack.compose, "up", "--detach", "--no-deps", "--no-recreate", "--wait", "posts-db")
    note(what="database stopped", back_after_s=round(until(compose_stack.url + "/posts", 200, 5), 1))
    assert await write(gateway, ada, "again") == 201
    assert await titles(gateway, ada) == {"kept", "again"}


async def test_a_killed_database_loses_nothing_that_was_answered(
    compose_stack: ComposeStack, gateway: AsyncClient, meet: Meet
) -> None:
    """R-06: crash recovery without intervention."""
    ada = await meet("Ada")
    stored = {title for title in map(str, range(30)) if await write(gateway, ada, title) == 201}
    assert len(stored) == 30
    os.kill(compose_stack.pid("posts-db"), signal.SIGKILL)
    await asyncio.sleep(0.5)
    note(what="database killed", back_after_s=round(until(compose_stack.url + "/posts", 200, 20), 1))
    assert await titles(gateway, ada) == stored


async def test_restarting_all_of_it_keeps_what_was_stored(
    compose_stack: ComposeStack, gateway: AsyncClient, meet: Meet
) -> None:
    """R-22: all at once, so in no particular order."""
    ada = await meet("Ada")
    assert await write(gateway, ada, "kept") == 201
    await asyncio.to_thread(compose_stack.compose, "restart")
    back = until(compose_stack.url + "/posts", 200, 60)
    note(what="restarted", back_after_s=round(back + until(f"{compose_stack.url}/users/{ada.id}", 200, 10), 1))
    assert await titles(gateway, ada) == {"kept"}
    form = {"grant_type": "refresh_token", "refresh_token": ada.tokens["refresh_token"]}
    assert (await gateway.post("/auth/token", data=form)).status_code == 200


@pytest.fixture
def small_stack(tmp_path: Path) -> Iterator[ComposeStack]:
    """A stack in which posts' database has little space."""
    override = tmp_path / "small.yml"
    override.write_text(SMALL_VOLUME)
    stack = ComposeStack(f"trivium-small-{os.getpid()}", [override])
    try:
        stack.up()
        yield stack
    finally:
        stack.down()


async def test_a_full_volume_refuses_writes_and_serves_reads_until_there_is_room(small_stack: ComposeStack) -> None:
    """R-23: without any restart, and without loss of acknowledged writes."""
    fill = "fallocate -l $(( ($(stat -f -c '%a * %S' /var/lib/postgresql/data) - 2000000) )) /var/lib/postgresql/data/x"
    async with AsyncClient(base_url=small_stack.url, timeout=15, trust_env=False) as gateway:
        password = "a long enough passphrase"
        new = {"email": "ada@example.com", "password": password, "name": "Ada"}
        account = (await gateway.post("/auth/register", json=new)).json()["id"]
        form = {"username": new["email"], "password": password}
        tokens = (await gateway.post("/auth/token", data=form)).json()
        ada = Person(account, "Ada", new["email"], password, tokens)
        small_stack.compose("exec", "-T", "posts-db", "sh", "-c", fill)
        answers: list[int] = []
        while 503 not in answers and len(answers) < 200:
            answers.append(await write(gateway, ada, str(len(answers)), secrets.token_hex(20000)))
        assert set(answers) == {201, 503}
        assert len(await titles(gateway, ada)) >= answers.count(201)
        small_stack.compose("exec", "-T", "posts-db", "rm", "/var/lib/postgresql/data/x")
        began = asyncio.get_running_loop().time()
        while await write(gateway, ada, "there is room") != 201:
            assert asyncio.get_running_loop().time() - began < 30
            await asyncio.sleep(0.5)
        note(
            what="volume full",
            writes_before=answers.count(201),
            after_s=round(asyncio.get_running_loop().time() - began, 1),
        )
        assert "there is room" in await titles(gateway, ada)
