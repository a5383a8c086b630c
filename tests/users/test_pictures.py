"""Avatars: a picture is uploaded, finished, chosen, shown and replaced."""

import asyncio
import sys
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any

import pytest
from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient
from sqlalchemy import text
from structlog.testing import capture_logs

from common.pictures.pictures import MOST_BYTES, Pictures
from common.pictures.rows import CHECK
from tests.events import Outbox
from tests.peers import Peers
from tests.pictures import ADD, CLOSED, DUE, opened, picture, sent, upload, uploaded, with_position
from tests.users.avatars import choose, keys, objects, path_in
from tests.users.conftest import SignedIn
from users.config import Settings
from users.main import create_app

UNUSED = text(CHECK.format(is_used="false"))
BYTES = {"Content-Type": "application/octet-stream"}


@pytest.fixture
def ada(peers: Peers) -> int:
    return peers.new_account("Ada")


@pytest.fixture
def me(ada: int, signed_in: SignedIn) -> dict[str, str]:
    return signed_in(ada)


async def test_an_avatar_is_uploaded_chosen_and_seen_by_everybody(
    client: AsyncClient, settings: Settings, me: dict[str, str], ada: int
) -> None:
    found = await uploaded(client, "users", me, with_position())
    assert (found["width"], found["height"]) == (256, 256)
    assert (await choose(client, me, found["url"])).status_code == 200
    assert (await client.get(f"/users/{ada}")).json()["avatar_url"] == found["url"]
    for url, size in ((found["url"], 256), (found["small_url"], 64)):
        shown = await client.get(url)
        assert shown.status_code == 200
        assert shown.headers["content-type"] == "image/webp"
        assert shown.headers["cache-control"] == "public, max-age=31536000, s-maxage=3600, immutable"
        assert shown.headers["content-security-policy"] == "default-src 'none'; sandbox"
        assert shown.headers["x-content-type-options"] == "nosniff"
        image = opened(shown.content)
        assert (image.format, image.size, dict(image.getexif())) == ("WEBP", (size, size), {})
        again = await client.get(url, headers={"If-None-Match": shown.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")
        head = await client.head(url)
        assert (head.status_code, head.headers["content-length"]) == (200, str(len(shown.content)))
    assert objects(settings) >= keys(found["name"], "large", "small")
    assert not objects(settings) & keys(found["name"], "original"), "the original, with its position, is deleted"


async def test_a_repetition_changes_nothing(client: AsyncClient, me: dict[str, str]) -> None:
    found = await uploaded(client, "users", me)
    before = (await client.get(found["url"])).content
    assert (await client.put(f"/users/pictures/{found['name']}/finished", headers=me)).json() == found
    for _ in range(2):
        assert (await choose(client, me, found["url"])).status_code == 200
    assert (await client.get(found["url"])).content == before


async def test_nobody_chooses_or_finishes_the_picture_of_another(
    client: AsyncClient, peers: Peers, signed_in: SignedIn, me: dict[str, str]
) -> None:
    found, bob = await uploaded(client, "users", me), signed_in(peers.new_account("Bob"))
    for reply in (
        await choose(client, bob, found["url"]),
        await client.put(f"/users/pictures/{found['name']}/finished", headers=bob),
    ):
        assert (reply.status_code, reply.json()["code"]) == (404, "picture-not-found")
    assert (await client.get("/users/me", headers=bob)).json()["avatar_url"] is None


@pytest.mark.parametrize(
    ("content", "code"),
    [(b"<svg xmlns='http://www.w3.org/2000/svg'/>", "not-a-picture"), (picture()[:-900], "not-a-picture")],
)
async def test_what_is_no_picture_is_refused_and_another_may_be_uploaded(
    client: AsyncClient, me: dict[str, str], content: bytes, code: str
) -> None:
    begun = (await client.post("/users/pictures", headers=me)).json()
    finish = f"/users/pictures/{begun['name']}/finished"
    assert (await client.put(finish, headers=me)).json()["code"] == "picture-not-uploaded"
    link = begun["upload"]
    for body, wanted in ((content, 422), (picture(), 200)):
        assert (await client.put(link["url"], content=body, headers=link["headers"])).status_code == 204
        reply = await client.put(finish, headers=me)
        assert reply.status_code == wanted
        assert wanted == 200 or reply.json()["code"] == code
    late = await client.put(link["url"], content=b"other", headers=link["headers"])
    assert (late.status_code, late.json()["code"]) == (404, "picture-not-found"), "it is finished"


async def test_a_refused_original_is_deleted(client: AsyncClient, settings: Settings, me: dict[str, str]) -> None:
    """Else it could be tried again without another upload."""
    begun = await sent(client, "users", me, b"no picture")
    finish = f"/users/pictures/{begun['name']}/finished"
    answers = [(await client.put(finish, headers=me)).json()["code"] for _ in range(2)]
    assert answers == ["not-a-picture", "picture-not-uploaded"]
    assert not objects(settings) & keys(begun["name"], "original")
    assert settings.pictures_folder is not None
    assert settings.pictures_folder.stat().st_mode & 0o777 == 0o700


async def test_a_fault_of_the_encoder_keeps_the_original(
    app: FastAPI, client: AsyncClient, me: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = await sent(client, "users", me)
    finish = f"/users/pictures/{begun['name']}/finished"
    with monkeypatch.context() as patch:
        patch.setattr(app.state.pictures.encoder, "command", (sys.executable, "-c", "raise SystemExit(1)"))
        reply = await client.put(finish, headers=me)
        assert (reply.status_code, reply.json()["code"]) == (503, "pictures-busy")
        assert "retry-after" in reply.headers
    assert (await client.put(finish, headers=me)).status_code == 200


async def test_nothing_is_read_without_a_good_link(client: AsyncClient, me: dict[str, str]) -> None:
    link = (await client.post("/users/pictures", headers=me)).json()["upload"]
    asked: list[bytes] = []

    async def body() -> AsyncIterator[bytes]:
        asked.append(picture())
        yield asked[0]

    bad = (f"{link['url']}0", link["url"].replace("until=", "until=1"), link["url"].partition("?")[0])
    for url in (*bad, f"/users/pictures/{'0' * 32}/original?until=x&signature=%C3%BC"):
        reply = await client.put(url, headers=link["headers"], content=body())
        assert (reply.status_code, reply.json()["code"], asked) == (403, "bad-upload-link", []), url
    assert (await client.put(link["url"], headers=link["headers"], content=body())).status_code == 204
    assert len(asked) == 1


async def test_a_link_is_for_one_picture_for_a_while_and_a_size(client: AsyncClient, me: dict[str, str]) -> None:
    first, second = [(await client.post("/users/pictures", headers=me)).json() for _ in range(2)]
    url, headers = first["upload"]["url"], first["upload"]["headers"]
    for changed in (
        url.replace(first["name"], second["name"]),
        url.replace("until=", "until=1"),
        url.replace("signature=", "signature=0")[:-1],
        url.partition("&")[0] + "&signature=",
    ):
        reply = await client.put(changed, content=picture(), headers=headers)
        assert (reply.status_code, reply.json()["code"]) == (403, "bad-upload-link"), changed
    large = await client.put(url, content=b"\0" * (first["most_bytes"] + 1), headers=headers)
    assert (large.status_code, large.json()["code"]) == (413, "body-too-large")
    assert (await client.put(url, content=b"{}", headers={"Content-Type": "application/json"})).status_code == 415


@pytest.mark.parametrize("name", ["..%2F..%2Fetc%2Fpasswd", "%2e%2e", "x" * 32, "0" * 32 + "%00", "A" * 32, "0" * 31])
async def test_a_name_is_no_path(client: AsyncClient, me: dict[str, str], name: str) -> None:
    for reply in (
        await client.get(f"/users/pictures/{name}.webp"),
        await client.put(f"/users/pictures/{name}/finished", headers=me),
        await client.put(f"/users/pictures/{name}/original?until=1&signature=00", content=b"x", headers=BYTES),
    ):
        assert reply.status_code in {403, 404, 405, 422}, reply.text


async def test_a_person_has_a_limited_number(
    client: AsyncClient, me: dict[str, str], app: FastAPI, outbox: Outbox, ada: int
) -> None:
    for _ in range(app.state.pictures.kind.most - 1):
        await outbox.rows(ADD, ada)
    replies = [await client.post("/users/pictures", headers=me) for _ in range(2)]
    assert [reply.status_code for reply in replies] == [200, 409]
    assert replies[-1].json()["code"] == "too-many-pictures"


async def test_a_person_has_three_unfinished_uploads(
    client: AsyncClient, me: dict[str, str], outbox: Outbox, ada: int
) -> None:
    begun = [await sent(client, "users", me, content) for content in (picture(), b"no picture", picture())]

    async def again() -> Any:
        reply = await client.post("/users/pictures", headers=me)
        return reply.json().get("code", reply.status_code)

    assert await again() == "too-many-uploads"
    finished = [await client.put(f"/users/pictures/{one['name']}/finished", headers=me) for one in begun[:2]]
    assert [reply.status_code for reply in finished] == [200, 422]
    assert [await again(), await again()] == [200, "too-many-uploads"], "a refused one counts while its link is good"
    await outbox.rows(CLOSED + " WHERE account_id = $1", ada)
    assert [await again(), await again()] == [200, "too-many-uploads"]


async def test_an_original_that_is_too_large_is_deleted_at_once(
    client: AsyncClient, settings: Settings, me: dict[str, str]
) -> None:
    """A link to S3 has no limit of size."""
    begun = await sent(client, "users", me)
    path_in(settings, begun["name"], "original").write_bytes(b"\0" * (MOST_BYTES + 1))
    reply = await client.put(f"/users/pictures/{begun['name']}/finished", headers=me)
    assert (reply.status_code, reply.json()["code"]) == (422, "picture-too-large")
    assert not objects(settings) & keys(begun["name"], "original")


async def test_two_calls_that_finish_one_upload_get_the_same_answer(client: AsyncClient, me: dict[str, str]) -> None:
    """At the same moment one may be told to come again, since a person's pictures are encoded one by one."""
    begun = await sent(client, "users", me)
    finish = f"/users/pictures/{begun['name']}/finished"
    replies = await asyncio.gather(*(client.put(finish, headers=me) for _ in range(2)))
    assert {reply.status_code for reply in replies} <= {200, 503}
    answers = [reply.json() for reply in (*replies, await client.put(finish, headers=me)) if reply.status_code == 200]
    assert len(answers) >= 2
    assert all(answer == answers[0] for answer in answers)


async def test_a_picture_is_finished_once(app: FastAPI, client: AsyncClient, me: dict[str, str], ada: int) -> None:
    """The answer to the call that was second is the first's."""
    found = await uploaded(client, "users", me)
    async with app.state.pictures.transactions() as rows:
        assert await rows.finish(found["name"], ada, 1, 1, 1) is None
        assert (await rows.mine(found["name"], ada)).width == 256


async def test_avatars_chosen_at_the_same_moment_end_as_one(client: AsyncClient, me: dict[str, str], ada: int) -> None:
    found = [await uploaded(client, "users", me) for _ in range(3)]
    replies = await asyncio.gather(*(choose(client, me, one["url"]) for one in found * 3))
    assert {reply.status_code for reply in replies} <= {200, 404}
    chosen = (await client.get(f"/users/{ada}")).json()["avatar_url"]
    shown = [one["url"] for one in found if (await client.get(one["url"])).status_code == 200]
    assert shown == [chosen]


async def test_uploads_are_counted_by_person(settings: Settings, peers: Peers, me: dict[str, str]) -> None:
    """S-12"""
    app = create_app(settings.model_copy(update={"rate_limits": True, "rate_limit_pictures": 3}), peers)
    async with app.router.lifespan_context(app):
        await app.state.revoked.read()
        async with AsyncClient(transport=ASGITransport(app), base_url="http://users.test") as client:
            await uploaded(client, "users", me)  # begin and finish are counted
            name = (await client.post("/users/pictures", headers=me)).json()["name"]
            assert (await client.post("/users/pictures", headers=me)).status_code == 429
            assert (await client.put(f"/users/pictures/{name}/finished", headers=me)).status_code == 429


@pytest.mark.parametrize(("replicas", "said"), [(1, []), (3, [3])])
async def test_several_processes_with_a_folder_are_told_to_share_it(
    settings: Settings, peers: Peers, replicas: int, said: list[int]
) -> None:
    app = create_app(settings.model_copy(update={"replicas": replicas}), peers)
    with capture_logs() as told:
        async with app.router.lifespan_context(app):
            pass
    assert [line["processes"] for line in told if line["event"].startswith("pictures are in a folder")] == said


async def test_the_answer_to_a_picture_that_cannot_be_encoded_now_names_a_moment(
    app: FastAPI, client: AsyncClient, me: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app.state.pictures.encoder, "_accounts", {*range(-100, 0)})
    reply = await upload(client, "users", me)
    assert (reply.status_code, reply.json()["code"]) == (503, "pictures-busy")
    assert "retry-after" in reply.headers


async def claim_all(pictures: Pictures) -> dict[str, datetime]:
    """The first half of a check of all that is due."""
    found: dict[str, datetime] = {}
    async with pictures.transactions() as rows:
        while claimed := await rows.claim_due():
            found |= dict(claimed)
    return found


async def test_a_check_that_began_before_does_not_remove_a_chosen_avatar(
    app: FastAPI, client: AsyncClient, outbox: Outbox, me: dict[str, str]
) -> None:
    pictures, found = app.state.pictures, await uploaded(client, "users", me)
    await outbox.rows(DUE)
    claimed = await claim_all(pictures)
    assert (await choose(client, me, found["url"])).status_code == 200
    async with pictures.transactions() as rows:
        await rows.check(UNUSED, found["name"], claimed[found["name"]])
    assert (await client.get(found["url"])).status_code == 200
