"""users erases deleted accounts, at once and for good (the saga: docs/operations/security.md)."""

from functools import partial
from typing import Any

import asyncpg
import pytest
from fastapi import FastAPI
from httpx import AsyncClient

from common.events.reconcile import rebuild, reconcile
from tests.erasing import erase, erase_though_killed
from tests.events import Outbox
from tests.peers import Peers, Told, event, gone, page
from tests.personal_data import kept
from tests.personal_rows import held, left, missing_from_export
from tests.pictures import ADD
from tests.users.conftest import SignedIn
from tests.users.telling import REMEMBERED, account, counts, tell
from users.repositories import erasing


@pytest.fixture
async def world(client: AsyncClient, peers: Peers, signed_in: SignedIn) -> dict[str, int]:
    """Ada, who will be deleted; Bob, and they follow each other; Cy, and they block each other."""
    ada, bob, cy, dan = (peers.new_account(name) for name in ("Unmistakable Ada", "Bob", "Cy", "Dan"))
    for me, whom, what in (
        (ada, bob, "follow"),
        (bob, ada, "follow"),
        (cy, bob, "follow"),
        (dan, ada, "follow"),
        (ada, cy, "block"),
        (cy, ada, "block"),
    ):
        assert (await client.put(f"/users/{whom}/{what}", headers=signed_in(me))).status_code == 204
    await client.delete(f"/users/{ada}/follow", headers=signed_in(dan))
    await tell(client, peers, event("author", {"posts_count": 3}, ada), sender="posts")  # only with posts
    return {"ada": ada, "bob": bob, "cy": cy}


async def test_a_profile_is_gone_at_once_and_its_edges_soon_after(
    app: FastAPI,
    client: AsyncClient,
    peers: Peers,
    signed_in: SignedIn,
    outbox: Outbox,
    world: dict[str, int],
) -> None:
    ada, bob, cy = world.values()
    assert await counts(client, bob) == (2, 1)
    assert await outbox.naming(ada) >= {"profiles", "follows", "blocks"}
    peers.accounts[ada] = gone(ada)
    await tell(client, peers, gone(ada))

    async def assert_hidden() -> None:
        for caller in (signed_in(bob), signed_in(ada), {}):
            assert (await client.get(f"/users/{ada}", headers=caller)).json()["code"] == "user-not-found"
            assert (await client.get(f"/users?ids={ada}", headers=caller)).json()["items"] == []
            assert (await client.get("/users?q=unmistakable", headers=caller)).json()["items"] == []
        for path, me in ((f"{bob}/followers", bob), (f"{bob}/following", bob), ("me/blocks", cy)):
            shown = (await client.get(f"/users/{path}", headers=signed_in(me))).json()["items"]
            assert ada not in [one["id"] for one in shown], path
        # begin: only with posts
        internal = await client.get(f"/internal/profiles?ids={ada}", headers=peers.issuer.service("posts", "users"))
        assert internal.json()["events"] == []
        # end: only with posts

    await assert_hidden()
    assert "erasures_pending 1.0" in (await client.get("/metrics")).text
    await erase(app.state.eraser)
    await assert_hidden()
    assert "erasures_pending 0.0" in (await client.get("/metrics")).text
    assert await counts(client, bob) == (1, 0)
    assert await outbox.naming(ada) == REMEMBERED
    assert await outbox.waiting(f"account:{ada}") == [("auth", 1, {"service": "users"})]
    assert await outbox.waiting(f"profile:{ada}") == []


async def test_each_table_about_somebody_is_exported_and_emptied(
    app: FastAPI, client: AsyncClient, peers: Peers, signed_in: SignedIn, outbox: Outbox, world: dict[str, int]
) -> None:
    ada = world["ada"]
    await client.patch("/users/me", json={"bio": "b", "avatar_url": "https://example.com/a"}, headers=signed_in(ada))
    await outbox.rows(ADD, ada)
    before = await held(outbox.dsn, "users", ada)
    document = (await client.get("/users/me/export", headers=signed_in(ada))).json()
    assert missing_from_export("users", before, document["users"]) == []
    await tell(client, peers, gone(ada))
    await erase(app.state.eraser)
    assert await left(outbox.dsn, "users", before) == kept("users")


async def test_who_has_just_been_deleted_changes_nothing_with_a_token_that_is_still_good(
    app: FastAPI, client: AsyncClient, peers: Peers, signed_in: SignedIn, outbox: Outbox, world: dict[str, int]
) -> None:
    ada, bob, _ = world.values()
    me = signed_in(ada)
    peers.accounts[ada] = gone(ada)
    for done in (False, True):
        await tell(client, peers, gone(ada))
        if done:
            await erase(app.state.eraser)
        tries = [
            await client.get("/users/me", headers=me),
            await client.patch("/users/me", json={"name": "Back"}, headers=me),
            await client.get("/users/me/export", headers=me),
            await client.put(f"/users/{bob}/follow", headers=me),
            await client.put(f"/users/{bob}/block", headers=me),
            await client.put(f"/users/{ada}/follow", headers=signed_in(bob)),
            await client.put(f"/users/{ada}/block", headers=signed_in(bob)),
        ]
        assert [reply.json()["code"] for reply in tries] == ["user-not-found"] * len(tries)
        for path in (f"{bob}/follow", f"{bob}/block"):
            assert (await client.delete(f"/users/{path}", headers=me)).status_code == 204
    assert await outbox.naming(ada) == REMEMBERED
    assert await counts(client, bob) == (1, 0)


@pytest.mark.parametrize("erased", [False, True], ids=["before it is done", "after"])
async def test_nothing_that_is_told_late_again_or_in_another_order_brings_anybody_back(
    app: FastAPI, client: AsyncClient, peers: Peers, outbox: Outbox, world: dict[str, int], erased: bool
) -> None:
    """R-13"""
    ada = world["ada"]
    await tell(client, peers, gone(ada, version=5))
    if erased:
        await erase(app.state.eraser)
    for version in (1, 4, 9):
        await tell(client, peers, account(ada, "ada@example.com", version), gone(ada, version=version))
        told = event("author", {"posts_count": 3}, ada, version=version)  # only with posts
        await tell(client, peers, told, sender="posts")  # only with posts
    await tell(client, peers, gone(ada, "deleted", 10))
    await erase(app.state.eraser)
    assert await outbox.naming(ada) == REMEMBERED
    assert await outbox.waiting(f"account:{ada}") == [("auth", 1, {"service": "users"})]


async def test_an_account_that_is_found_deleted_is_forgotten_without_its_event(
    app: FastAPI, client: AsyncClient, peers: Peers, signed_in: SignedIn, outbox: Outbox
) -> None:
    ada = peers.new_account()
    peers.accounts[ada] = gone(ada)
    assert (await client.get(f"/users/{ada}")).status_code == 404
    await erase(app.state.eraser)
    assert await outbox.waiting(f"account:{ada}") == [("auth", 1, {"service": "users"})]


@pytest.mark.parametrize("done", [False, True], ids=["being erased", "erased"])
async def test_looking_for_somebody_who_was_deleted_asks_nobody_and_writes_nothing(
    app: FastAPI,
    client: AsyncClient,
    peers: Peers,
    signed_in: SignedIn,
    outbox: Outbox,
    world: dict[str, int],
    done: bool,
) -> None:
    """Also if auth, restored from an older backup, reports them as active."""
    ada, bob, _ = world.values()
    await tell(client, peers, gone(ada))
    if done:
        await erase(app.state.eraser)
    await outbox.rows("DELETE FROM outbox")
    rows = "SELECT xmin::text, * FROM erased WHERE account_id = $1"
    before, asked = await outbox.rows(rows, ada), list(peers.asked)
    for reply in (
        await client.get(f"/users/{ada}"),
        await client.put(f"/users/{ada}/follow", headers=signed_in(bob)),
        await client.put(f"/users/{ada}/block", headers=signed_in(bob)),
    ):
        assert (reply.status_code, reply.json()["code"]) == (404, "user-not-found")
    assert peers.asked == asked
    await tell(client, peers, gone(ada))
    assert await outbox.rows(rows, ada) == before, "news that is known changes nothing"


async def test_erasing_waits_for_what_began_before_and_takes_it_along(
    app: FastAPI, client: AsyncClient, peers: Peers, outbox: Outbox, world: dict[str, int]
) -> None:
    """A person is deleted while somebody follows them."""
    ada, _, cy = world.values()
    connection = await asyncpg.connect(outbox.dsn)
    under_way = connection.transaction()
    await under_way.start()
    follow = "INSERT INTO follows (follower_id, followee_id, active) VALUES ($1, $2, true)"
    await connection.execute(follow, cy, ada)
    await connection.execute("UPDATE profiles SET following_count = following_count + 1 WHERE id = $1", cy)
    await tell(client, peers, gone(ada))
    for _ in range(3):
        await app.state.eraser.step()
    (row,) = await outbox.rows("SELECT finished_at FROM erased WHERE account_id = $1", ada)
    assert row["finished_at"] is None, "not before it is known what comes of it"
    await under_way.commit()
    await erase(app.state.eraser)
    assert await outbox.naming(ada) == REMEMBERED
    assert await counts(client, cy) == (0, 1)
    assert await connection.execute(follow, cy, ada) == "INSERT 0 0", "whoever comes later is left out"
    await connection.close()


async def test_erasing_goes_on_after_a_kill_between_any_two_steps(
    app: FastAPI,
    client: AsyncClient,
    peers: Peers,
    signed_in: SignedIn,
    outbox: Outbox,
    world: dict[str, int],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(erasing, "MANY", 1)
    ada, bob, _ = world.values()
    for _ in range(5):
        await client.put(f"/users/{ada}/follow", headers=signed_in(peers.new_account()))
        await client.put(f"/users/{peers.new_account()}/follow", headers=signed_in(ada))
    await tell(client, peers, gone(ada))
    assert await erase_though_killed(app.state.eraser) > 5
    assert await outbox.naming(ada) == REMEMBERED
    assert await counts(client, bob) == (1, 0)


async def test_read_models_do_not_differ_by_the_erased_and_rebuilding_brings_nobody_back(
    app: FastAPI, client: AsyncClient, peers: Peers, outbox: Outbox, world: dict[str, int]
) -> None:
    """posts has not erased them yet; auth has."""
    ada, bob, cy = world.values()
    await tell(client, peers, gone(ada))
    await erase(app.state.eraser)
    told: dict[str, Told] = {
        "profiles": {(ada,): gone(ada, "deleted", 3), (bob,): peers.accounts[bob], (cy,): peers.accounts[cy]},
        "authored": {(ada,): event("author", {"posts_count": 3}, ada)},  # only with posts
    }
    for name, subjects in told.items():
        model = app.state.read_models[name]
        peers.lists[model.path] = partial(page, subjects)
        drift = await reconcile(app.state.database, model, app.state.inbox, repair=False)
        named: list[Any] = [*drift.missing, *drift.behind, *drift.ahead, *drift.unknown]
        assert not [subject for subject in named if str(ada) in subject]
        await rebuild(app.state.database, model, app.state.inbox)
    assert await outbox.naming(ada) == REMEMBERED


@pytest.mark.parametrize("auth", ["knows nothing of it", "waits for it"])
async def test_auth_from_an_older_backup_is_told_again_who_was_erased(
    app: FastAPI, client: AsyncClient, peers: Peers, outbox: Outbox, world: dict[str, int], auth: str
) -> None:
    ada = world["ada"]
    await tell(client, peers, gone(ada))
    await erase(app.state.eraser)
    await outbox.rows("DELETE FROM outbox")
    model = app.state.read_models["erased"]
    known: Told = {} if auth == "knows nothing of it" else {(ada,): gone(ada)}
    peers.lists[model.path] = partial(page, known)
    assert (await reconcile(app.state.database, model, app.state.inbox, repair=False)).total == 0
    assert await outbox.waiting(f"account:{ada}") == []
    await reconcile(app.state.database, model, app.state.inbox, repair=True)
    assert await outbox.waiting(f"account:{ada}") == [("auth", 1, {"service": "users"})]


@pytest.mark.parametrize("name", ["erased", "profiles"])
async def test_a_database_from_an_older_backup_learns_from_auth_whom_to_forget(
    app: FastAPI, client: AsyncClient, peers: Peers, outbox: Outbox, world: dict[str, int], name: str
) -> None:
    ada = world["ada"]
    model = app.state.read_models[name]
    peers.lists[model.path] = partial(page, {(ada,): gone(ada, "deleted", 3)})
    drift = await reconcile(app.state.database, model, app.state.inbox, repair=True)
    assert f"account:{ada}" in (*drift.missing, *drift.behind)
    await erase(app.state.eraser)
    assert await outbox.naming(ada) == REMEMBERED
    again = await reconcile(app.state.database, model, app.state.inbox, repair=False)
    assert f"account:{ada}" not in (*again.missing, *again.behind)
