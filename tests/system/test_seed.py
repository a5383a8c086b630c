"""`make seed`: a world on which all services agree."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Callable
from contextlib import AsyncExitStack
from datetime import timedelta
from typing import Any

import pytest
from httpx import AsyncClient

from deploy.local.stack import Stack
from deploy.seed.__main__ import PASSWORD, connect, main
from deploy.seed.tables import Connection
from deploy.seed.world import ACCOUNT_EPOCH, END, World
from deploy.services import DATABASES
from tests.system.conftest import ROOT, LocalStack
from tests.waiting import GENEROUS

pytestmark = pytest.mark.stack
NOW = (END - ACCOUNT_EPOCH) // timedelta(milliseconds=1) << 12
"""An account's id when the seeded world ends."""
# the same data twice: by its owner, and in a read model
SAID_TWICE = (
    (
        "auth",
        "SELECT id, email, name, version FROM accounts",
        "users",
        "SELECT id, email, name, account_version FROM profiles",
    ),
    # begin: only with posts
    (
        "users",
        "SELECT id, name, avatar_url, version FROM profiles",
        "posts",
        "SELECT id, name, avatar_url, version FROM authors",
    ),
    ("users", "SELECT follower_id AS id, followee_id, active, version FROM follows", "posts", ""),
    ("users", "SELECT blocker_id AS id, blocked_id, active, version FROM blocks", "posts", ""),
    (
        "posts",
        "SELECT author_id AS id, posts_count, version FROM author_stats",
        "users",
        "SELECT id, posts_count, version FROM authored",
    ),
    # end: only with posts
)
UNSEARCHABLE = {
    "users": "SELECT count(*) FROM profiles WHERE folded IS NULL",
    # begin: only with posts
    "posts": """SELECT count(*) FROM posts LEFT JOIN post_words ON post_id = posts.id
        WHERE status = 'published' AND post_words.words IS NULL""",
    # end: only with posts
}
COUNTED = {
    "users": """
        SELECT followers_count, (SELECT count(*) FROM follows WHERE followee_id = id AND active),
               following_count, (SELECT count(*) FROM follows WHERE follower_id = id AND active) FROM profiles
    """,
    # begin: only with posts
    "posts": """
        SELECT likes_count, (SELECT count(*) FROM likes WHERE post_id = posts.id),
               comments_count, (SELECT count(*) FROM comments WHERE post_id = posts.id)
        FROM posts JOIN post_stats ON post_id = posts.id
    """,
    # end: only with posts
}


def seed(stack: LocalStack, size: str) -> subprocess.CompletedProcess[str]:
    ours = {**os.environ, "LOCAL_DIR": str(stack.folder), "PORT_BASE": str(stack.base)}
    command = [sys.executable, "-m", "deploy.seed", size]
    return subprocess.run(command, cwd=ROOT, env=ours, capture_output=True, text=True, timeout=GENEROUS, check=False)


async def seeded(connection: Connection, query: str) -> list[Any]:
    """The rows of the seed. Accounts of other tests are newer, and their events may be waiting."""
    return sorted(row for row in map(tuple, await connection.fetch(query)) if row[0] < NOW)


async def test_a_seeded_world_is_one_world(local_stack: LocalStack) -> None:
    done = seed(local_stack, "400")
    assert done.returncode == 0, done.stderr
    words = done.stdout.split()
    email = next(word for word in words if "@" in word)
    assert PASSWORD in done.stdout
    async with AsyncExitStack() as stacked:
        databases = await connect(Stack(local_stack.folder, {}, None), stacked)
        for owner, said, keeper, kept in SAID_TWICE:
            theirs = await seeded(databases[owner], said)
            assert theirs, said
            assert theirs == await seeded(databases[keeper], kept or said), said
        for service, query in COUNTED.items():
            assert all(
                one == other and more == others for one, other, more, others in await databases[service].fetch(query)
            )
        for service in DATABASES:
            assert await databases[service].fetchval("SELECT count(*) FROM outbox") < 20
        for service, unsearchable in UNSEARCHABLE.items():
            assert await databases[service].fetchval(unsearchable) == 0

    async with AsyncClient(base_url=local_stack.url, timeout=GENEROUS, trust_env=False) as http:
        tokens = await http.post("/auth/token", data={"username": email, "password": PASSWORD})
        headers = {"Authorization": f"Bearer {tokens.json()['access_token']}"}
        export = (await http.get("/users/me/export", headers=headers)).json()
        shown = (await http.get("/users/me", headers=headers)).json()
        assert len(export["users"]["followers"]) == shown["followers_count"] > 0
        assert len(export["users"]["following"]) == shown["following_count"] > 0
        # begin: only with posts
        (profile,) = export["users"]["profile"]
        assert len(export["posts"]["posts"]) == shown["posts_count"] == profile["posts_count"] > 0
        assert (await http.get("/posts/feed", headers=headers)).json()["items"]
        for post in (await http.get("/posts?sort=top&limit=3")).json()["items"]:
            comments = (await http.get(f"/posts/{post['id']}/comments?limit=100")).json()["items"]
            assert len(comments) == post["comments_count"]
        tag = (await http.get("/posts/tags?limit=1")).json()["items"][0]
        assert tag["posts_count"] >= len((await http.get(f"/posts?tag={tag['name']}&limit=100")).json()["items"]) > 0
        new = await http.post("/posts", json={"title": "A new one", "body": "b"}, headers=headers)
        assert new.status_code == 201
        # end: only with posts


@pytest.mark.parametrize("size", ["x", "2M", "7"])
def test_a_size_that_makes_no_sense_is_refused(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], size: str
) -> None:
    monkeypatch.setattr(sys, "argv", ["seed", size])
    assert (main(), capsys.readouterr().err.startswith("seed: SIZE=")) == (1, True)


@pytest.fixture
def refused(
    local_stack: LocalStack, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[[str, int], str]:
    """Run the command in this process, to save the start of another one; returns its error."""

    def refused(size: str, number: int = 7) -> str:
        monkeypatch.setenv("LOCAL_DIR", str(local_stack.folder))
        monkeypatch.setattr(sys, "argv", ["seed", size, "--seed", str(number)])
        assert main() == 1
        return capsys.readouterr().err

    return refused


def test_a_second_seed_is_refused(refused: Callable[..., str]) -> None:
    assert "already" in refused("400")


def test_a_seed_for_production_is_refused(refused: Callable[..., str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROFILE", "production")
    assert refused("100").startswith("seed: no seeds with PROFILE=production")


async def test_a_world_some_of_whose_people_are_there_is_refused_whole(
    local_stack: LocalStack, refused: Callable[..., str]
) -> None:
    someone = World(100, 9).people[3]
    new = "INSERT INTO accounts (id, email, password_hash, name) VALUES ($1, $2, '', 'Someone')"
    async with AsyncExitStack() as stacked:
        auth = (await connect(Stack(local_stack.folder, {}, None), stacked))["auth"]
        await auth.execute(new, someone.id + 1, someone.email)
        assert "choose another SEED" in await asyncio.to_thread(refused, "100", 9)
        found = await auth.fetchval("SELECT count(*) FROM accounts WHERE email LIKE '%.9.%@example.com'")
        await auth.execute("DELETE FROM accounts WHERE id = $1", someone.id + 1)
    assert found == 1
