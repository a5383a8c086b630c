"""posts erases deleted accounts, at once and for good (the saga: docs/operations/security.md)."""

from functools import partial
from typing import Any

import pytest
from fastapi import FastAPI
from httpx import AsyncClient

from common.events.reconcile import rebuild, reconcile
from posts.repositories import erasing
from tests.erasing import erase, erase_though_killed
from tests.events import Outbox
from tests.peers import Peers, Told, event, gone, page
from tests.personal_data import kept
from tests.personal_rows import held, left, missing_from_export
from tests.pictures import ADD
from tests.posts.conftest import NewPost, SignedIn
from tests.posts.reporting import Walk
from tests.posts.telling import REMEMBERED, tell
from tests.posts.test_export import pages


@pytest.fixture
async def world(
    client: AsyncClient, peers: Peers, signed_in: SignedIn, write: NewPost, outbox: Outbox
) -> dict[str, Any]:
    """Ada, who will be deleted, and Bob. Each has posts, likes and comments on the other's, and follows the other."""
    ada, bob = peers.new_account("Ada"), peers.new_account("Bob")
    by_ada = await write(ada, title="Adas unmistakable words", tags=["mathematics", "adas-own"])
    edited = await write(ada, tags=["adas-former"])
    await client.patch(f"/posts/{edited['id']}", json={"tags": []}, headers=signed_in(ada))
    await client.delete(f"/posts/{edited['id']}", headers=signed_in(ada))
    by_bob = await write(bob, title="Bobs words", tags=["mathematics"])
    draft = await write(ada, status="draft", tags=["secret"])
    for me, post in ((ada, by_bob), (bob, by_ada), (ada, by_ada)):
        assert (await client.put(f"/posts/{post['id']}/like", headers=signed_in(me))).status_code == 204
        for body in ("one", "two"):
            said = await client.post(f"/posts/{post['id']}/comments", json={"body": body}, headers=signed_in(me))
            assert said.status_code == 201
    for post, person in ((by_bob, ada), (by_ada, bob)):
        reply = await client.post(f"/posts/{post['id']}/reports", json={"reason": "spam"}, headers=signed_in(person))
        assert reply.status_code == 201
    removed = await write(ada, title="Adas removed words")
    moderator = signed_in(peers.new_account(), "moderator")
    assert (await client.delete(f"/posts/{removed['id']}", headers=moderator)).status_code == 204
    key = {"Idempotency-Key": f"once-{ada}"}
    await client.post("/posts", json={"title": "kept", "body": "b"}, headers={**signed_in(ada), **key})
    edges = [event("follow", {"active": True}, *pair) for pair in ((ada, bob), (bob, ada))]
    await tell(client, peers, "users", *edges, event("block", {"active": False}, bob, ada))
    await outbox.rows(ADD, ada)
    return {"ada": ada, "bob": bob, "by_ada": by_ada["id"], "by_bob": by_bob["id"], "draft": draft["id"]}


async def used(client: AsyncClient, walk: Walk, tag: str) -> int:
    return sum(found["posts_count"] for found in await walk("/posts/tags?limit=100") if found["name"] == tag)


async def test_what_they_wrote_is_hidden_at_once_and_then_gone_while_their_comments_stay_without_a_name(
    app: FastAPI,
    client: AsyncClient,
    peers: Peers,
    signed_in: SignedIn,
    walk: Walk,
    world: dict[str, Any],
    outbox: Outbox,
) -> None:
    ada, bob = world["ada"], world["bob"]
    before = await used(client, walk, "mathematics")
    assert await outbox.naming(ada) > {"posts", "comments", "likes", "follows", "blocks", "idempotency_keys"}
    path = f"{world['by_ada']}/comments"
    under_hers = [f"{path}/{one['id']}" for one in await walk(f"/posts/{path}")]
    await tell(client, peers, "auth", gone(ada))

    async def assert_hidden() -> None:
        for caller in (signed_in(bob), signed_in(ada), {}):
            for path in (world["by_ada"], world["draft"], f"{world['by_ada']}/comments", *under_hers):
                assert (await client.get(f"/posts/{path}", headers=caller)).status_code == 404
        tagged, own = "tag=mathematics", f"author_id={ada}"
        lists = ["", "/feed", "?sort=top", "?q=unmistakable", *(f"?{one}" for one in (tagged, own))]
        for path in (*lists, f"?{tagged}&sort=top", f"?{tagged}&q=words", f"?{own}&{tagged}", f"?{own}&sort=top"):
            shown = await walk(f"/posts{path}", signed_in(bob))
            assert all(post["author"]["id"] != ada for post in shown), path
        assert await walk("/posts/drafts", signed_in(ada)) == []
        said = await walk(f"/posts/{world['by_bob']}/comments")
        assert [(one["body"], one["author"]) for one in said] == [("one", None), ("two", None)]
        path = f"/posts/{world['by_bob']}/comments/{said[0]['id']}"
        assert (await client.get(path)).json()["author"] is None

    await assert_hidden()
    assert "erasures_pending 1.0" in (await client.get("/metrics")).text
    await erase(app.state.eraser)
    await assert_hidden()
    assert "erasures_pending 0.0" in (await client.get("/metrics")).text
    assert await outbox.naming(ada) == REMEMBERED
    assert await outbox.waiting(f"account:{ada}") == [("auth", 1, {"service": "posts"})]
    post = (await client.get(f"/posts/{world['by_bob']}")).json()
    assert (post["likes_count"], post["comments_count"]) == (0, 2)
    assert await used(client, walk, "mathematics") == before - 1
    assert await outbox.rows("SELECT FROM tags WHERE name LIKE 'adas-%'") == [], "they may say who it was"
    # comments without an author can still be moderated
    said = await walk(f"/posts/{world['by_bob']}/comments")
    path = f"/posts/{world['by_bob']}/comments/{said[0]['id']}"
    stranger = signed_in(peers.new_account())
    assert (await client.patch(path, json={"body": "mine"}, headers=stranger)).status_code == 403
    assert (await client.delete(path, headers=stranger)).status_code == 403
    assert (await client.delete(path, headers=signed_in(bob))).status_code == 204


async def test_each_table_about_somebody_is_exported_and_emptied(
    app: FastAPI, client: AsyncClient, peers: Peers, world: dict[str, Any], outbox: Outbox
) -> None:
    before = await held(outbox.dsn, "posts", world["ada"])
    (page,) = await pages(client, peers, world["ada"])
    assert missing_from_export("posts", before, page["sections"]) == []
    await tell(client, peers, "auth", gone(world["ada"]))
    await erase(app.state.eraser)
    assert await left(outbox.dsn, "posts", before) == kept("posts")


@pytest.mark.parametrize("erased", [False, True], ids=["before it is done", "after"])
async def test_nothing_that_is_told_late_again_or_in_another_order_brings_anybody_back(
    app: FastAPI, client: AsyncClient, peers: Peers, world: dict[str, Any], outbox: Outbox, erased: bool
) -> None:
    """R-13"""
    ada, bob = world["ada"], world["bob"]
    await tell(client, peers, "auth", gone(ada, version=5))
    if erased:
        await erase(app.state.eraser)
    account = {"email": "ada@example.com", "name": "Ada", "roles": [], "status": "active"}
    for version in (1, 4, 9):
        await tell(client, peers, "auth", event("account", account, ada, version=version), gone(ada, version=version))
        profile = event("profile", {"name": "Ada", "avatar_url": None}, ada, version=version)
        edges = [
            event(kind, {"active": True}, *pair, version=version)
            for kind in ("follow", "block")
            for pair in ((ada, bob), (bob, ada))
        ]
        await tell(client, peers, "users", profile, *edges)
    await tell(client, peers, "auth", gone(ada, "deleted", 10))
    await erase(app.state.eraser)
    assert await outbox.naming(ada) == REMEMBERED
    assert await outbox.waiting(f"account:{ada}") == [("auth", 1, {"service": "posts"})]


async def test_who_has_just_been_deleted_can_write_nothing_with_a_token_that_is_still_good(
    app: FastAPI, client: AsyncClient, peers: Peers, signed_in: SignedIn, world: dict[str, Any], outbox: Outbox
) -> None:
    ada, me, under = world["ada"], signed_in(world["ada"]), f"/posts/{world['by_bob']}"
    for done in (False, True):
        await tell(client, peers, "auth", gone(ada))
        if done:
            await erase(app.state.eraser)
        new, once = {"title": "t", "body": "b"}, {"Idempotency-Key": f"late-{ada}"}
        tries = [
            await client.post("/posts", json=new, headers=me),
            await client.post("/posts", json=new, headers=me | once),
            await client.post("/posts", json=new | {"status": "draft"}, headers=me),
            await client.post(f"{under}/comments", json={"body": "b"}, headers=me),
        ]
        assert [(reply.status_code, reply.json()["code"]) for reply in tries] == [(401, "invalid-token")] * 4
        assert tries[0].headers["www-authenticate"].startswith("Bearer")
        for path in (world["by_ada"], world["draft"]):
            assert (await client.patch(f"/posts/{path}", json={"title": "mine"}, headers=me)).status_code == 404
            assert (await client.delete(f"/posts/{path}", headers=me)).status_code == 404
        await client.put(f"{under}/like", headers=me)  # 204, as for an existing one
    assert await outbox.naming(ada) == REMEMBERED
    assert (await client.get(under)).json()["likes_count"] == 0


async def test_a_name_that_is_looked_up_while_its_owner_is_deleted_is_not_kept(
    app: FastAPI, client: AsyncClient, peers: Peers, signed_in: SignedIn, outbox: Outbox
) -> None:
    """users answers from an earlier state."""
    ada = peers.new_account()
    await tell(client, peers, "auth", gone(ada))
    await erase(app.state.eraser)
    reply = await client.post("/posts", json={"title": "t", "body": "b"}, headers=signed_in(ada))
    assert (reply.status_code, "/internal/profiles" in peers.asked) == (401, True)
    assert await outbox.naming(ada) == REMEMBERED


async def test_erasing_goes_on_after_a_kill_between_any_two_steps(
    app: FastAPI,
    client: AsyncClient,
    peers: Peers,
    world: dict[str, Any],
    outbox: Outbox,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(erasing, "MANY", 1)
    monkeypatch.setattr(erasing, "SOME", 1)
    await tell(client, peers, "auth", gone(world["ada"]))
    assert await erase_though_killed(app.state.eraser) > 8
    assert await outbox.naming(world["ada"]) == REMEMBERED
    post = (await client.get(f"/posts/{world['by_bob']}")).json()
    assert (post["likes_count"], post["comments_count"]) == (0, 2)


async def test_the_export_of_somebody_who_is_erased_is_refused_and_never_looks_whole(
    app: FastAPI, client: AsyncClient, peers: Peers, world: dict[str, Any]
) -> None:
    path, headers = f"/internal/export/{world['ada']}", peers.issuer.service("users", "posts")
    await tell(client, peers, "auth", gone(world["ada"]))
    during = await client.get(path, headers=headers)
    await erase(app.state.eraser)
    after = await client.get(path, headers=headers)
    assert [(reply.status_code, reply.json()["code"]) for reply in (during, after)] == [(404, "account-gone")] * 2


async def test_read_models_do_not_differ_by_the_erased_and_rebuilding_brings_nobody_back(
    app: FastAPI, client: AsyncClient, peers: Peers, world: dict[str, Any], outbox: Outbox
) -> None:
    """users has not erased them yet."""
    ada, bob = world["ada"], world["bob"]
    database, inbox = app.state.database, app.state.inbox
    await tell(client, peers, "auth", gone(ada))
    await erase(app.state.eraser)
    told: dict[str, Told] = {
        "authors": {(one,): peers.profiles[one] for one in (ada, bob)},
        "follows": {pair: event("follow", {"active": True}, *pair) for pair in ((ada, bob), (bob, ada))},
    }
    for name, subjects in told.items():
        model = app.state.read_models[name]
        peers.lists[model.path] = partial(page, subjects)
        drift = await reconcile(database, model, inbox, repair=False)
        assert not [subject for subject in (*drift.missing, *drift.ahead) if str(ada) in subject]
        await rebuild(database, model, inbox)
    assert await outbox.naming(ada) == REMEMBERED


async def test_a_database_from_an_older_backup_learns_from_auth_whom_to_forget(
    app: FastAPI, client: AsyncClient, peers: Peers, world: dict[str, Any], outbox: Outbox
) -> None:
    ada = world["ada"]
    model = app.state.read_models["erased"]
    peers.lists[model.path] = lambda params: page({(ada,): gone(ada, "deleted", 3)}, params)
    drift = await reconcile(app.state.database, model, app.state.inbox, repair=False)
    assert drift.missing == [f"account:{ada}"]
    await reconcile(app.state.database, model, app.state.inbox, repair=True)
    await erase(app.state.eraser)
    assert await outbox.naming(ada) == REMEMBERED
    assert (await reconcile(app.state.database, model, app.state.inbox, repair=False)).missing == []
