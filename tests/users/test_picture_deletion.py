"""S-67: avatars that nobody uses, and those of deleted accounts, are deleted for good, whatever fails."""

import contextlib
import dataclasses
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient
from sqlalchemy import text

from common.pictures import store as storing
from common.pictures.errors import PictureStoreUnavailable
from common.pictures.rows import CHECK
from common.pictures.store import ObjectStore
from tests.erasing import erase, waiting
from tests.events import Outbox
from tests.peers import Peers, gone
from tests.pictures import ADD, CLOSED, DUE, picture, sent, uploaded, with_position
from tests.users.avatars import choose, keys, objects, path_in
from tests.users.conftest import SignedIn
from tests.users.telling import tell
from tests.waiting import eventually
from users.config import Settings
from users.main import create_app

IN_AN_HOUR = "check_at BETWEEN now() AND now() + interval '1 hour'"


@pytest.fixture
def ada(peers: Peers) -> int:
    return peers.new_account("Ada")


@pytest.fixture
def me(ada: int, signed_in: SignedIn) -> dict[str, str]:
    return signed_in(ada)


@dataclass
class Slow:
    """A store that takes time for each deletion."""

    store: Any
    seconds: float
    deleted: int = 0

    def delete(self, key: str) -> None:
        time.sleep(self.seconds)
        self.deleted += 1
        self.store.delete(key)

    def get(self, key: str) -> Any:
        return self.store.get(key)


async def test_a_replaced_avatar_is_gone_at_once_and_soon_deleted(
    app: FastAPI, client: AsyncClient, settings: Settings, outbox: Outbox, me: dict[str, str]
) -> None:
    first, second = await uploaded(client, "users", me), None
    await choose(client, me, first["url"])
    second = await uploaded(client, "users", me)
    await choose(client, me, second["url"])
    assert (await client.get(first["url"])).json()["code"] == "picture-not-found"
    assert (await client.get(second["url"])).status_code == 200
    await app.state.pictures.sweep()
    assert objects(settings) >= keys(first["name"], "large"), "its link for the upload is still good"
    await outbox.rows(CLOSED)
    await app.state.pictures.sweep()
    assert not objects(settings) & keys(first["name"], "large", "small", "original")
    assert objects(settings) >= keys(second["name"], "large", "small")
    await choose(client, me, None)
    assert (await client.get(second["url"])).status_code == 404
    await app.state.pictures.sweep()
    assert not await outbox.rows("SELECT FROM pictures WHERE name = $1", second["name"])


@pytest.mark.parametrize("used", [True, False])
async def test_only_what_nobody_uses_is_swept(
    app: FastAPI, client: AsyncClient, settings: Settings, outbox: Outbox, me: dict[str, str], used: bool
) -> None:
    found = await uploaded(client, "users", me)
    unfinished = (await client.post("/users/pictures", headers=me)).json()["name"]
    if used:
        await choose(client, me, found["url"])
    await outbox.rows(DUE)
    await app.state.pictures.sweep()
    await app.state.pictures.sweep()
    left = {row["name"] for row in await outbox.rows("SELECT name FROM pictures")}
    assert (found["name"] in left, unfinished in left) == (used, False)
    assert (keys(found["name"], "large", "small") <= objects(settings)) == used
    assert (await client.get(found["url"])).status_code == (200 if used else 404)


async def test_the_erasure_of_many_pictures_in_a_slow_store_ends(
    app: FastAPI, client: AsyncClient, peers: Peers, outbox: Outbox, ada: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The patience of the store is for one object."""
    store = app.state.pictures.store
    slow = Slow(storing.opened(store.settings), 0.05)
    monkeypatch.setattr(store, "_opened", slow)
    for _ in range(60):
        await outbox.rows(ADD, ada)
    await tell(client, peers, gone(ada))
    await erase(app.state.eraser)
    assert slow.deleted == 180
    assert slow.deleted * slow.seconds > storing.PATIENCE.total_seconds() + 1, "too long for one call"
    assert not await outbox.rows("SELECT FROM pictures WHERE account_id = $1", ada)


async def test_an_object_that_cannot_be_deleted_holds_up_no_other(
    app: FastAPI, client: AsyncClient, settings: Settings, outbox: Outbox, me: dict[str, str], ada: int
) -> None:
    """Neither other pictures, nor the check."""
    unused = await uploaded(client, "users", me)
    await outbox.rows(DUE)
    for _ in range(4):
        await outbox.rows(ADD, ada)
    await outbox.rows("UPDATE pictures SET removed_at = now() WHERE account_id = $1 AND bytes = 99", ada)
    stuck = (await outbox.rows("SELECT name FROM pictures WHERE account_id = $1 AND bytes = 99", ada))[0]["name"]
    path_in(settings, stuck, "small").mkdir()
    with pytest.raises(PictureStoreUnavailable):
        await app.state.pictures.sweep()
    assert (await client.get(unused["url"])).status_code == 404

    async def is_alone() -> bool:
        with contextlib.suppress(PictureStoreUnavailable):
            await app.state.pictures.sweep()
        left = await outbox.rows("SELECT name FROM pictures WHERE account_id = $1", ada)
        return [row["name"] for row in left] == [stuck]

    await eventually(is_alone)
    path_in(settings, stuck, "small").rmdir()
    await app.state.pictures.sweep()
    assert not await outbox.rows("SELECT name FROM pictures WHERE account_id = $1", ada)


async def test_a_check_that_fails_stops_no_other(
    app: FastAPI, client: AsyncClient, peers: Peers, signed_in: SignedIn, outbox: Outbox, me: dict[str, str]
) -> None:
    """As that of an author with too many texts to search."""
    bob = signed_in(peers.new_account("Bob"))
    failing, others = await uploaded(client, "users", bob), [await uploaded(client, "users", me) for _ in range(7)]
    await outbox.rows(DUE)
    await outbox.rows("UPDATE pictures SET check_at = now() - interval '1 day' WHERE name = $1", failing["name"])
    fails = f"1 / (CASE WHEN name = '{failing['name']}' THEN 0 ELSE 1 END) = 0"
    pictures = dataclasses.replace(app.state.pictures, check=text(CHECK.format(is_used=fails)))
    await pictures.sweep()
    assert {(await client.get(one["url"])).status_code for one in others} == {404}
    assert (await client.get(failing["url"])).status_code == 200
    assert await outbox.rows(f"SELECT FROM pictures WHERE name = $1 AND {IN_AN_HOUR}", failing["name"])


async def test_an_original_that_was_uploaded_again_does_not_stay(
    app: FastAPI, client: AsyncClient, settings: Settings, outbox: Outbox, me: dict[str, str]
) -> None:
    """A link to S3 still works after the picture is finished. If its object cannot be deleted, that is tried again."""
    found = await uploaded(client, "users", me)
    await choose(client, me, found["url"])
    original = path_in(settings, found["name"], "original")
    original.mkdir()
    await outbox.rows(DUE)
    with pytest.raises(PictureStoreUnavailable):
        await app.state.pictures.sweep()
    assert await outbox.rows(f"SELECT FROM pictures WHERE name = $1 AND {IN_AN_HOUR}", found["name"])
    original.rmdir()
    original.write_bytes(with_position())
    await outbox.rows(DUE)
    await app.state.pictures.sweep()
    assert not original.exists()
    assert (await client.get(found["url"])).status_code == 200


async def test_what_a_killed_process_left_is_deleted_with_the_file(
    client: AsyncClient, settings: Settings, me: dict[str, str]
) -> None:
    begun = await sent(client, "users", me)
    for number in (1, 2):
        path_in(settings, begun["name"], f"original#{number}").write_bytes(with_position())
    assert (await client.put(f"/users/pictures/{begun['name']}/finished", headers=me)).status_code == 200
    assert {key for key in objects(settings) if begun["name"] in key} == keys(begun["name"], "large", "small")


async def test_an_empty_folder_proves_no_deletion(
    app: FastAPI, client: AsyncClient, settings: Settings, outbox: Outbox, me: dict[str, str], tmp_path: Path
) -> None:
    """As one into which the store is not mounted."""
    found = await uploaded(client, "users", me)
    await outbox.rows(DUE + " AND name = $1", found["name"])
    await outbox.rows("UPDATE pictures SET removed_at = now() WHERE name = $1", found["name"])
    elsewhere = settings.model_copy(update={"pictures_url": f"file://{tmp_path}"})
    pictures = dataclasses.replace(app.state.pictures, store=ObjectStore(elsewhere))
    async with pictures.transactions() as rows:
        await pictures.begin(rows, 1)
    assert not objects(elsewhere), "there are pictures, so their store is another"
    with pytest.raises(PictureStoreUnavailable, match="users-store"):
        await pictures.sweep()
    assert objects(settings) >= keys(found["name"], "large", "small")
    await app.state.pictures.sweep()
    assert not objects(settings) & keys(found["name"], "large", "small")
    await outbox.rows("DELETE FROM pictures")
    pictures = dataclasses.replace(pictures, store=ObjectStore(elsewhere))
    async with pictures.transactions() as rows:
        await pictures.begin(rows, 1)
    assert objects(elsewhere) == {"users-store"}, "the first picture marks its store"


async def test_a_deleted_account_has_no_picture_in_the_table_or_the_store(
    app: FastAPI, client: AsyncClient, peers: Peers, settings: Settings, outbox: Outbox, me: dict[str, str], ada: int
) -> None:
    found = await uploaded(client, "users", me)
    await choose(client, me, found["url"])
    export = (await client.get("/users/me/export", headers=me)).json()["users"]["pictures"]
    assert [(one["name"], one["url"], one["width"]) for one in export] == [(found["name"], found["url"], 256)]
    link = (await client.post("/users/pictures", headers=me)).json()["upload"]
    await tell(client, peers, gone(ada))
    assert (await client.get(found["url"])).status_code == 404, "at once"
    assert (await client.put(link["url"], content=picture(), headers=link["headers"])).status_code == 204
    while await app.state.eraser.step():
        pass
    assert await waiting(app.state.eraser) == 1, "not before the last link for an upload has expired"
    await outbox.rows(CLOSED)
    await erase(app.state.eraser)
    assert not await outbox.rows("SELECT FROM pictures WHERE account_id = $1", ada)
    assert not objects(settings) & keys(found["name"], "large", "small", "original")
    assert not [key for key in objects(settings) if key.endswith("original")]
    late = await client.post("/users/pictures", headers=me)
    assert (late.status_code, late.json()["code"]) == (401, "invalid-token")


async def test_an_erasure_waits_for_a_store_that_is_away(
    app: FastAPI,
    client: AsyncClient,
    peers: Peers,
    settings: Settings,
    outbox: Outbox,
    me: dict[str, str],
    ada: int,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Nothing is reported as erased that is still stored."""
    found = await uploaded(client, "users", me)
    await outbox.rows(CLOSED)
    await tell(client, peers, gone(ada))
    store, away = app.state.pictures.store, tmp_path / "file"
    away.write_text("no folder")
    broken = settings.model_copy(update={"pictures_url": f"file://{away}/below"})
    with monkeypatch.context() as patch:
        patch.setattr(store, "settings", broken)
        patch.setattr(store, "_opened", None)
        while not isinstance(await failure(app.state.eraser.step), Exception):
            pass
        assert (await client.get(found["url"])).status_code == 404
        assert (await client.post("/users/pictures", headers=me)).status_code == 401
    assert await waiting(app.state.eraser) == 1
    assert objects(settings) >= keys(found["name"], "large", "small")
    store._opened = None
    await erase(app.state.eraser)
    assert not objects(settings) & keys(found["name"], "large", "small")


async def failure(step: Any) -> object:
    try:
        return await step()
    except Exception as error:  # noqa: BLE001  # the test looks at it
        return error


async def test_without_a_store_there_are_no_pictures(
    app: FastAPI, client: AsyncClient, settings: Settings, peers: Peers, outbox: Outbox, me: dict[str, str], ada: int
) -> None:
    """And what is stored is not erased: the log says why."""
    await outbox.rows(ADD, ada)
    await tell(client, peers, gone(ada))
    without = create_app(settings.model_copy(update={"pictures_url": None}), peers)
    async with without.router.lifespan_context(without):
        while not isinstance(found := await failure(without.state.eraser.step), Exception):
            pass
        assert "PICTURES_URL is not set" in repr(found)
    assert await waiting(app.state.eraser) == 1
    await erase(app.state.eraser)
    me = peers.issuer.person(peers.new_account())
    app = create_app(settings.model_copy(update={"pictures_url": None}), peers)
    async with app.router.lifespan_context(app):
        await app.state.revoked.read()
        async with AsyncClient(transport=ASGITransport(app), base_url="http://users.test") as client:
            reply = await client.post("/users/pictures", headers=me)
            assert (reply.status_code, reply.json()["code"]) == (404, "pictures-off")
            assert (await client.get(f"/users/pictures/{'0' * 32}.webp")).status_code == 404
