# file: only with posts
"""R-27: a backup, a restore of databases as of different times, and its consistent result."""

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import pytest
from httpx import AsyncClient, Response
from jose import jwt

from tests.system.conftest import ROOT, LocalStack, Meet, Person
from tests.system.ledger import Verdict
from tests.system.test_story import within_a_second
from tests.system.verdict import compare_read_models

RESTORED = [one.split("+") for one in os.environ.get("RESTORED", "auth+posts").split()]
"""The databases that are restored after a deletion; `make test-backup` tests all combinations."""


def backup_command(stack: LocalStack, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "deploy.backup", *words],
        cwd=ROOT,
        env={**os.environ, "LOCAL_DIR": str(stack.folder), "PORT_BASE": str(stack.base), "REPLICAS_POSTS": "2"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


async def back_up(stack: LocalStack, folder: Path) -> str:
    done = await asyncio.to_thread(backup_command, stack, "backup", str(folder))
    assert done.returncode == 0, done.stderr
    return done.stdout.strip().removeprefix("written: ")


async def restore(stack: LocalStack, folder: str, *services: str) -> None:
    done = await asyncio.to_thread(backup_command, stack, "restore", folder, "--only", *services)
    assert done.returncode == 0, done.stderr


async def publish(gateway: AsyncClient, person: Person, title: str) -> int:
    reply = await gateway.post("/posts", json={"title": title, "body": "b"}, headers=person.headers)
    assert reply.status_code == 201, reply.text
    post: int = reply.json()["id"]
    return post


async def count_of(gateway: AsyncClient, person: Person) -> int:
    """A person's number of posts in users."""
    count: int = (await gateway.get(f"/users/{person.id}")).json()["posts_count"]
    return count


async def titles(gateway: AsyncClient, path: str, person: Person) -> list[str]:
    page = (await gateway.get(path, headers=person.headers)).json()["items"]
    return [post["title"] for post in page]


async def sign_in(gateway: AsyncClient, person: Person) -> None:
    form = {"username": person.email, "password": person.password}
    person.tokens = (await gateway.post("/auth/token", data=form)).json()


async def refresh(gateway: AsyncClient, token: str) -> Response:
    return await gateway.post("/auth/token", data={"grant_type": "refresh_token", "refresh_token": token})


async def published(gateway: AsyncClient) -> list[dict[str, str]]:
    keys: list[dict[str, str]] = (await gateway.get("/.well-known/jwks.json")).json()["keys"]
    return keys


def signer(person: Person) -> str:
    """The id of the key that signed a person's access token."""
    return str(jwt.get_unverified_header(person.tokens["access_token"])["kid"])


async def all_agree(stack: LocalStack) -> None:
    verdict = Verdict()
    await compare_read_models(stack, verdict)
    assert verdict == Verdict()


@pytest.mark.backup
async def test_databases_restored_as_of_different_times_agree_and_reuse_nothing(
    local_stack: LocalStack, gateway: AsyncClient, meet: Meet, tmp_path: Path
) -> None:
    ada, grace = await meet("Ada"), await meet("Grace")
    first = await publish(gateway, ada, "first")
    await gateway.put(f"/users/{ada.id}/follow", headers=grace.headers)

    async def posts_count() -> int:
        return await count_of(gateway, ada)

    await within_a_second(posts_count, 1)
    early = await back_up(local_stack, tmp_path)
    tokens = [ada.tokens["refresh_token"]]
    for _ in range(2):
        tokens.append((await refresh(gateway, tokens[-1])).json()["refresh_token"])
    await gateway.patch("/users/me", json={"name": "Countess"}, headers=ada.headers)
    await gateway.delete(f"/users/{ada.id}/follow", headers=grace.headers)
    second = await publish(gateway, ada, "second")
    await publish(gateway, grace, "hers, and her first")
    bob = await meet("Bob")
    await within_a_second(posts_count, 2)
    await within_a_second(lambda: count_of(gateway, grace), 1)
    await asyncio.sleep(1)  # backups are named by the second
    late = await back_up(local_stack, tmp_path)
    third = await publish(gateway, ada, "third")

    await restore(local_stack, early, "auth", "posts")
    await restore(local_stack, late, "users")

    await all_agree(local_stack)
    for token in tokens:
        refused = await refresh(gateway, token)
        assert (refused.status_code, refused.json()["error"]) == (400, "invalid_grant")
    await sign_in(gateway, ada)
    page = (await gateway.get("/posts", params={"author_id": ada.id})).json()["items"]
    assert [(post["id"], post["author"]["name"]) for post in page] == [(first, "Countess")]
    assert (await gateway.get(f"/users/{ada.id}")).json()["posts_count"] == 1
    assert await publish(gateway, ada, "fourth") > max(first, second, third)
    await sign_in(gateway, grace)
    assert await titles(gateway, "/posts/feed", grace) == []
    assert await count_of(gateway, grace) == 0, "her only post is lost"
    await publish(gateway, grace, "hers, and her first again")
    await within_a_second(lambda: count_of(gateway, grace), 1)
    new = {"email": bob.email, "password": bob.password, "name": "Bob"}
    again = await gateway.post("/auth/register", json=new)  # auth no longer knows this account
    assert again.status_code == 201
    assert again.json()["id"] != bob.id
    await within_a_second(posts_count, 2)


@pytest.mark.backup
@pytest.mark.parametrize("restored", RESTORED, ids="+".join)
async def test_who_was_deleted_since_is_forgotten_again_by_what_is_restored(
    local_stack: LocalStack, gateway: AsyncClient, meet: Meet, tmp_path: Path, restored: list[str]
) -> None:
    ada, grace = await meet("Ada"), await meet("Grace")
    post = await publish(gateway, ada, "hers")
    await gateway.put(f"/users/{ada.id}/follow", headers=grace.headers)
    early = await back_up(local_stack, tmp_path)
    gone = await gateway.post("/auth/account/deletion", json={"password": ada.password}, headers=ada.headers)
    assert gone.status_code == 202

    async def is_forgotten() -> tuple[int, int]:
        person, text = await gateway.get(f"/users/{ada.id}"), await gateway.get(f"/posts/{post}")
        return person.status_code, text.status_code

    async def address_is_free() -> bool:
        again = {"email": ada.email, "password": ada.password, "name": "Somebody new"}
        return (await gateway.post("/auth/register", json=again)).status_code == 201

    await within_a_second(is_forgotten, (404, 404))
    await asyncio.sleep(2)
    await restore(local_stack, early, *restored)
    await within_a_second(is_forgotten, (404, 404))
    form = {"username": ada.email, "password": ada.password}
    assert (await gateway.post("/auth/token", data=form)).status_code == 400
    await asyncio.sleep(2)
    assert await address_is_free()
    await all_agree(local_stack)


@pytest.mark.backup
async def test_what_was_revoked_since_stays_revoked_and_no_version_comes_twice(
    local_stack: LocalStack, gateway: AsyncClient, meet: Meet, tmp_path: Path
) -> None:
    """Otherwise a leaked key would sign again (S-21), and read models would keep lost states of the same version."""
    ada = await meet("Ada")
    before = {**ada.headers}
    assert (await gateway.patch("/users/me", json={"bio": "hers"}, headers=before)).status_code == 200
    early = await back_up(local_stack, tmp_path)
    (leaked,) = [key["kid"] for key in await published(gateway) if key["kid"] == signer(ada)]
    revoked = await asyncio.to_thread(local_stack.run, "run", "auth", "keys", "revoke", leaked)
    assert revoked.returncode == 0, revoked.stderr
    await sign_in(gateway, ada)
    await gateway.patch("/users/me", json={"name": "Lost"}, headers=ada.headers)

    await restore(local_stack, early, "auth", "users")

    assert leaked not in {key["kid"] for key in await published(gateway)}
    for headers in (before, ada.headers):
        assert (await gateway.get("/auth/me", headers=headers)).status_code == 401
        assert (await gateway.get("/users/me", headers=headers)).status_code == 401
    await sign_in(gateway, ada)
    profile = await gateway.get("/users/me", headers=ada.headers)
    assert (profile.json()["name"], profile.json()["bio"]) == ("Ada", "hers")
    assert int(profile.headers["ETag"].strip('"').partition("-")[0]) > 1_000_000
    post = await publish(gateway, ada, "hers")
    await gateway.patch("/users/me", json={"name": "Found"}, headers=ada.headers)

    async def name() -> str:
        found: str = (await gateway.get(f"/posts/{post}")).json()["author"]["name"]
        return found

    await within_a_second(name, "Found")
    await all_agree(local_stack)


@pytest.mark.backup
async def test_what_users_has_lost_is_forgotten_by_posts_and_counts_again_when_it_happens_again(
    local_stack: LocalStack, gateway: AsyncClient, meet: Meet, tmp_path: Path
) -> None:
    """The reverse: users as of earlier, posts and auth as of later."""
    ada, grace = await meet("Ada"), await meet("Grace")
    early = await back_up(local_stack, tmp_path)
    await publish(gateway, ada, "hers")
    await gateway.put(f"/users/{ada.id}/follow", headers=grace.headers)
    await gateway.put(f"/users/{grace.id}/block", headers=ada.headers)
    await gateway.delete(f"/users/{grace.id}/block", headers=ada.headers)
    await gateway.put(f"/users/{ada.id}/follow", headers=grace.headers)
    await within_a_second(lambda: titles(gateway, "/posts/feed", grace), ["hers"])
    await asyncio.sleep(1)
    late = await back_up(local_stack, tmp_path)

    await restore(local_stack, late, "auth", "posts")
    await restore(local_stack, early, "users")

    await all_agree(local_stack)
    await sign_in(gateway, ada)
    await sign_in(gateway, grace)
    assert await titles(gateway, "/posts/feed", grace) == [], "users does not know that she follows"
    await gateway.put(f"/users/{ada.id}/follow", headers=grace.headers)
    await within_a_second(lambda: titles(gateway, "/posts/feed", grace), ["hers"])
    assert await count_of(gateway, ada) == 1
