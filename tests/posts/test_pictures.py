"""S-67: pictures in posts, kept while a text of their author shows them."""

import pytest
from fastapi import FastAPI
from httpx import AsyncClient
from sqlalchemy import text

from common.pictures.rows import CHECK
from posts.config import Settings
from tests.erasing import erase
from tests.events import Outbox
from tests.peers import Peers, gone
from tests.pictures import CLOSED, DUE, opened, picture, uploaded
from tests.posts.conftest import NewPost, SignedIn
from tests.posts.reporting import Desk
from tests.posts.telling import tell


@pytest.fixture
def ada(peers: Peers) -> int:
    return peers.new_account("Ada")


@pytest.fixture
def me(ada: int, signed_in: SignedIn) -> dict[str, str]:
    return signed_in(ada)


def shows(*pictures: dict[str, str]) -> str:
    return "\n\n".join(f"![A field]({one['url']})" for one in pictures)


async def swept(app: FastAPI) -> None:
    """Unused pictures are removed, and then their files deleted."""
    for _ in range(2):
        await app.state.pictures.sweep()


def stored(settings: Settings, name: str) -> set[str]:
    assert settings.pictures_folder is not None
    return {path.name.rpartition("-")[2] for path in settings.pictures_folder.glob(f"posts-{name}-*")}


async def test_a_picture_is_shown_large_and_small(client: AsyncClient, me: dict[str, str]) -> None:
    found = await uploaded(client, "posts", me, picture("PNG", (2000, 1000)))
    assert (found["width"], found["height"]) == (1600, 800)
    for url, size in ((found["url"], (1600, 800)), (found["small_url"], (480, 240))):
        assert opened((await client.get(url)).content).size == size


@pytest.mark.parametrize("status", ["published", "draft"])
async def test_a_picture_stays_while_a_text_shows_it(
    app: FastAPI,
    client: AsyncClient,
    settings: Settings,
    outbox: Outbox,
    write: NewPost,
    ada: int,
    me: dict[str, str],
    status: str,
) -> None:
    one, other, unused = [await uploaded(client, "posts", me) for _ in range(3)]
    post = await write(ada, body=shows(one, other), status=status)
    await outbox.rows(DUE)
    await swept(app)
    left = [stored(settings, picture["name"]) for picture in (one, other, unused)]
    assert left == [{"large", "small"}, {"large", "small"}, set()]
    second = await write(ada, body=shows(other))
    reply = await client.patch(f"/posts/{post['id']}", json={"body": "No picture."}, headers=me)
    assert reply.status_code == 200
    await app.state.pictures.sweep()
    assert (await client.get(one["url"])).status_code == 200, "it may be on its way to another text"
    await outbox.rows(DUE)
    await swept(app)
    assert [stored(settings, picture["name"]) for picture in (one, other)] == [set(), {"large", "small"}]
    assert (await client.delete(f"/posts/{second['id']}", headers=me)).status_code == 204
    await outbox.rows(DUE)
    await swept(app)
    assert not stored(settings, other["name"])
    assert (await client.get(other["url"])).json()["code"] == "picture-not-found"


async def test_the_text_of_another_keeps_no_picture(
    app: FastAPI, client: AsyncClient, peers: Peers, outbox: Outbox, write: NewPost, me: dict[str, str]
) -> None:
    """Else whoever quotes a picture would decide that it stays."""
    found = await uploaded(client, "posts", me)
    await write(peers.new_account(), body=shows(found))
    await outbox.rows(DUE)
    await swept(app)
    assert (await client.get(found["url"])).status_code == 404


async def test_the_pictures_of_a_post_that_a_moderator_removes_are_gone_at_once(
    app: FastAPI,
    client: AsyncClient,
    settings: Settings,
    outbox: Outbox,
    write: NewPost,
    desk: Desk,
    ada: int,
    me: dict[str, str],
) -> None:
    """Also from other posts; and a picture that the post does not show stays."""
    bad, good = await uploaded(client, "posts", me), await uploaded(client, "posts", me)
    post = await write(ada, body=shows(bad))
    await write(ada, body=shows(good) + shows(bad))
    assert (await desk.decide(await desk.reported(post["id"]), "remove")).status_code == 204
    assert [(await client.get(one["url"])).status_code for one in (bad, good)] == [404, 200]
    await outbox.rows(CLOSED)
    await app.state.pictures.sweep()
    assert (stored(settings, bad["name"]), stored(settings, good["name"])) == (set(), {"large", "small"})


async def test_a_moderator_removes_the_authors_pictures_that_a_comment_shows(
    client: AsyncClient, peers: Peers, write: NewPost, desk: Desk, ada: int, me: dict[str, str]
) -> None:
    """However their names are typed. Pictures of others stay: a spammer may show anybody's."""
    bob = peers.new_account("Bob")
    bobs = [await uploaded(client, "posts", desk.person(bob)) for _ in range(2)]
    adas = await uploaded(client, "posts", me)
    post = await write(ada, body="Say something.")
    name = bobs[1]["name"]
    typed = {"url": f"/posts/pictures/&#{ord(name[0])};{name[1:]}&#46;webp"}
    comment = await desk.comment(post["id"], bob, shows(bobs[0], typed, adas))
    kept = await uploaded(client, "posts", me)
    await desk.comment(post["id"], ada, shows(kept))
    assert (await desk.decide(await desk.reported(post["id"], comment), "remove")).status_code == 204
    assert [(await client.get(one["url"])).status_code for one in (*bobs, adas, kept)] == [404, 404, 200, 200]


async def test_a_comment_of_its_owner_uses_a_picture(
    app: FastAPI, client: AsyncClient, outbox: Outbox, write: NewPost, desk: Desk, ada: int, me: dict[str, str]
) -> None:
    found = await uploaded(client, "posts", me)
    post = await write(ada, body="Below is a picture.")
    comment = await desk.comment(post["id"], ada, shows(found))
    await outbox.rows(DUE)
    await swept(app)
    assert (await client.get(found["url"])).status_code == 200
    assert (await client.delete(f"/posts/{post['id']}/comments/{comment}", headers=me)).status_code == 204
    await outbox.rows(DUE)
    await swept(app)
    assert (await client.get(found["url"])).status_code == 404


@pytest.mark.parametrize("how", ["written", "revised", "commented"])
async def test_a_check_that_began_before_does_not_remove_what_is_being_published(
    app: FastAPI,
    client: AsyncClient,
    outbox: Outbox,
    write: NewPost,
    desk: Desk,
    ada: int,
    me: dict[str, str],
    how: str,
) -> None:
    pictures, found = app.state.pictures, await uploaded(client, "posts", me)
    post = await write(ada, body="No picture.")
    await outbox.rows(DUE + " AND name = $1", found["name"])
    async with pictures.transactions() as rows:
        ((name, claimed),) = await rows.claim_due()
    if how == "written":
        await write(ada, body=shows(found))
    elif how == "revised":
        reply = await client.patch(f"/posts/{post['id']}", json={"body": shows(found)}, headers=me)
        assert reply.status_code == 200
    else:
        await desk.comment(post["id"], ada, shows(found))
    async with pictures.transactions() as rows:
        await rows.check(text(CHECK.format(is_used="false")), name, claimed)  # as it was when the check began
    assert (await client.get(found["url"])).status_code == 200


async def test_the_pictures_of_the_deleted_go_with_their_posts(
    app: FastAPI,
    client: AsyncClient,
    peers: Peers,
    settings: Settings,
    outbox: Outbox,
    write: NewPost,
    ada: int,
    me: dict[str, str],
) -> None:
    found = await uploaded(client, "posts", me)
    await write(ada, body=shows(found))
    await tell(client, peers, "auth", gone(ada))
    assert (await client.get(found["url"])).status_code == 404
    await outbox.rows(CLOSED)
    await erase(app.state.eraser)
    assert not stored(settings, found["name"])
    assert not await outbox.rows("SELECT FROM pictures WHERE account_id = $1", ada)
