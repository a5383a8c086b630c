"""Posts and drafts: written, read, changed, deleted."""

from typing import Any

import pytest
from httpx import AsyncClient

from tests.forgeries import BARE
from tests.peers import Peers
from tests.posts.conftest import NewPost, SignedIn
from tests.posts.reporting import Walk


async def test_a_post_is_read_as_it_was_written(client: AsyncClient, peers: Peers, signed_in: SignedIn) -> None:
    ada = peers.new_account("Ada")
    new = {"title": "Zoë 👩‍🚀 <b>", "body": "a\n\tb\u202e", "tags": ["Astronomy", "astronomy", "c++"]}
    reply = await client.post("/posts", json=new, headers=signed_in(ada))
    assert reply.status_code == 201, reply.text
    post = reply.json()
    assert reply.headers["location"] == f"/posts/{post['id']}"
    seen = (await client.get(reply.headers["location"])).json()
    assert seen == post | {"liked": None}
    assert (seen["title"], seen["body"], seen["tags"]) == (new["title"], new["body"], ["astronomy", "c++"])
    assert seen["author"] == {"id": ada, "name": "Ada", "avatar_url": None}
    assert (seen["status"], seen["likes_count"], seen["comments_count"]) == ("published", 0, 0)
    assert seen["published_at"].endswith("Z")


async def test_writing_needs_sign_in(client: AsyncClient, peers: Peers, write: NewPost) -> None:
    post = await write(peers.new_account())
    replies = [
        await client.post("/posts", json={"title": "t", "body": "b"}),
        await client.patch(f"/posts/{post['id']}", json={"title": "t"}),
        await client.delete(f"/posts/{post['id']}"),
        await client.put(f"/posts/{post['id']}/like"),
        await client.delete(f"/posts/{post['id']}/like"),
        await client.post(f"/posts/{post['id']}/comments", json={"body": "b"}),
        await client.get("/posts/feed"),
        await client.get("/posts/drafts"),
    ]
    assert [(reply.status_code, reply.headers["www-authenticate"]) for reply in replies] == [(401, BARE)] * 8
    assert (await client.get(f"/posts/{post['id']}")).json() == post | {"liked": None}


async def test_a_stranger_cannot_revise_or_delete_a_post(
    client: AsyncClient, peers: Peers, signed_in: SignedIn, write: NewPost
) -> None:
    post = await write(peers.new_account(), body="first light")
    stranger = signed_in(peers.new_account())
    revised = await client.patch(f"/posts/{post['id']}", json={"body": "mine now"}, headers=stranger)
    deleted = await client.delete(f"/posts/{post['id']}", headers=stranger)
    for reply in (revised, deleted):
        assert (reply.status_code, reply.json()["code"]) == (403, "not-the-author")
    assert (await client.get(f"/posts/{post['id']}")).json()["body"] == "first light"


async def test_a_revision_changes_what_it_names(
    client: AsyncClient, peers: Peers, signed_in: SignedIn, write: NewPost, walk: Walk
) -> None:
    ada = peers.new_account()
    post = await write(ada, tags=["before"])
    reply = await client.patch(
        f"/posts/{post['id']}", json={"title": "Second light", "tags": ["after"]}, headers=signed_in(ada)
    )
    assert reply.status_code == 200, reply.text
    assert reply.json() == post | {
        "title": "Second light",
        "slug": f"second-light-{post['id']}",
        "tags": ["after"],
        "updated_at": reply.json()["updated_at"],
    }
    assert reply.json()["updated_at"] > post["updated_at"]
    assert await walk("/posts?tag=before") == []
    assert [item["id"] for item in await walk("/posts?tag=AFTER")] == [post["id"]]


async def test_a_deleted_post_is_gone_from_everywhere(
    client: AsyncClient, peers: Peers, signed_in: SignedIn, write: NewPost, walk: Walk
) -> None:
    ada = peers.new_account()
    post = await write(ada, tags=["gone"])
    await client.put(f"/posts/{post['id']}/like", headers=signed_in(ada))
    await client.post(f"/posts/{post['id']}/comments", json={"body": "b"}, headers=signed_in(ada))
    assert (await client.delete(f"/posts/{post['id']}", headers=signed_in(ada))).status_code == 204
    for path in (f"/posts/{post['id']}", f"/posts/{post['id']}/comments"):
        assert (await client.get(path)).status_code == 404
    assert await walk("/posts?tag=gone") == await walk(f"/posts?author_id={ada}") == []
    assert (await client.delete(f"/posts/{post['id']}", headers=signed_in(ada))).status_code == 404


async def test_a_moderator_may_delete_a_published_post_but_not_revise_it(
    client: AsyncClient, peers: Peers, signed_in: SignedIn, write: NewPost
) -> None:
    ada, moderator = peers.new_account(), peers.new_account()
    post, draft = await write(ada), await write(ada, status="draft")
    headers = signed_in(moderator, "moderator")
    assert (await client.patch(f"/posts/{post['id']}", json={"body": "b"}, headers=headers)).status_code == 403
    assert (await client.delete(f"/posts/{draft['id']}", headers=headers)).status_code == 404
    assert (await client.delete(f"/posts/{post['id']}", headers=headers)).status_code == 204


async def test_a_draft_is_its_authors_only_until_it_is_published(
    client: AsyncClient, peers: Peers, signed_in: SignedIn, write: NewPost, walk: Walk
) -> None:
    ada, stranger = peers.new_account(), peers.new_account()
    draft = await write(ada, status="draft", tags=["draft"])
    path = f"/posts/{draft['id']}"
    assert (draft["published_at"], draft["status"]) == (None, "draft")
    for headers in ({}, signed_in(stranger), signed_in(stranger, "admin")):
        assert (await client.get(path, headers=headers)).status_code == 404
    for reply in (
        await client.patch(path, json={"body": "b"}, headers=signed_in(stranger)),
        await client.put(f"{path}/like", headers=signed_in(stranger)),
        await client.post(f"{path}/comments", json={"body": "b"}, headers=signed_in(stranger)),
        await client.get(f"{path}/comments"),
    ):
        assert (reply.status_code, reply.json()["code"]) == (404, "post-not-found")
    assert await walk("/posts?tag=draft") == await walk(f"/posts?author_id={ada}", signed_in(ada)) == []
    assert [item["id"] for item in await walk("/posts/drafts", signed_in(ada))] == [draft["id"]]
    assert await walk("/posts/drafts", signed_in(stranger)) == []

    published = await client.patch(path, json={"status": "published"}, headers=signed_in(ada))
    assert published.json()["published_at"] is not None
    assert (await client.get(path)).status_code == 200
    assert [item["id"] for item in await walk("/posts?tag=draft")] == [draft["id"]]
    assert await walk("/posts/drafts", signed_in(ada)) == []


async def test_publishing_is_one_way_and_happens_once(
    client: AsyncClient, peers: Peers, signed_in: SignedIn, write: NewPost
) -> None:
    ada = peers.new_account()
    post = await write(ada)
    back = await client.patch(f"/posts/{post['id']}", json={"status": "draft"}, headers=signed_in(ada))
    assert (back.status_code, back.json()["code"]) == (409, "already-published")
    again = await client.patch(f"/posts/{post['id']}", json={"status": "published"}, headers=signed_in(ada))
    assert again.json()["published_at"] == post["published_at"]


@pytest.mark.parametrize(
    "change",
    [
        {"title": None},
        {"title": ""},
        {"title": "t" * 201},
        {"title": "two\nlines"},
        {"title": 1},
        {"body": ""},
        {"body": "b" * 50_001},
        {"body": "nul \x00"},
        {"body": ["b"]},
        {"tags": "astronomy"},
        {"tags": None},
        {"tags": [f"tag{number}" for number in range(11)]},
        {"tags": [""]},
        {"tags": ["two words"]},
        {"tags": ["t" * 51]},
        {"tags": [1]},
        {"tags": ["\x00"]},
        {"status": "deleted"},
        {"status": None},
        {"author_id": 1},
        {"id": 1},
        {"likes_count": 9},
        {"title": "ad\u200cmin"},
        {"title": "a\u202eb"},
        {"tags": ["\u0301a"]},
        {"tags": ["a\u034fb"]},
        {"tags": ["a\ufe00b"]},
        {"tags": ["a·b"]},
        {"tags": ["・"]},
        {"tags": ["\u00ad"]},
        {"tags": ["\u3164"]},
        {"tags": ["python\u3164"]},
        {"body": " "},
        {"body": "\n"},
        {"body": "\u200b"},
        {"body": "\u2800\t\u00ad"},
        {"published_at": "2020-01-01T00:00:00Z"},
    ],
)
async def test_a_bad_post_is_refused_and_nothing_is_stored(
    client: AsyncClient, peers: Peers, signed_in: SignedIn, write: NewPost, walk: Walk, change: dict[str, Any]
) -> None:
    """S-31b, S-35."""
    ada = peers.new_account()
    post = await write(ada)
    created = await client.post("/posts", json={"title": "t", "body": "b"} | change, headers=signed_in(ada))
    revised = await client.patch(f"/posts/{post['id']}", json=change, headers=signed_in(ada))
    for reply in (created, revised):
        assert (reply.status_code, reply.json()["code"]) == (422, "validation-failed")
    assert await walk(f"/posts?author_id={ada}") == [post | {"liked": None}]


@pytest.mark.parametrize("title", ["می\u200cرود", "क्\u200dष", "🩷 5️⃣", "🏴󠁧󠁢󠁷󠁬󠁳󠁿 won"])
@pytest.mark.parametrize(
    "tag", ["हिन्दी", "தமிழ்", "ที่", "é", "c++", "می\u200cرود", "ශ්\u200dරී", "col·lecció", "צה״ל", "スター・ウォーズ"]
)
async def test_every_language_has_titles_and_tags(write: NewPost, peers: Peers, title: str, tag: str) -> None:
    post = await write(peers.new_account(), title=title, tags=[tag])
    assert (post["title"], post["tags"]) == (title, [tag])


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("کار\u200cها", "کارها"),  # noqa: RUF001
        ("go\u200clang", "golang"),
        ("a\u00adda\u200f", "ada"),
        ("coŀlecció", "col·lecció"),
    ],
)
async def test_a_tag_has_one_spelling_though_typed_with_what_cannot_be_seen(
    write: NewPost, peers: Peers, typed: str, kept: str
) -> None:
    """A joiner after a letter that does not join changes nothing."""
    post = await write(peers.new_account(), tags=[typed])
    assert post["tags"] == [kept]


async def test_an_author_nobody_knows_yet_costs_only_the_name(
    client: AsyncClient, peers: Peers, signed_in: SignedIn, write: NewPost, walk: Walk
) -> None:
    """Written and read while users is down; the name appears once users is back."""
    ada = peers.new_account("Ada")
    peers.away = True
    try:
        post = await write(ada)
        seen = (await client.get(f"/posts/{post['id']}")).json()
        listed = await walk(f"/posts?author_id={ada}")
    finally:
        peers.away = False
    assert post["author"] == seen["author"] == listed[0]["author"] == {"id": ada, "name": None, "avatar_url": None}
    assert (await client.get(f"/posts/{post['id']}")).json()["author"]["name"] == "Ada"


async def test_an_answer_of_users_that_is_not_as_agreed_costs_only_the_name(
    client: AsyncClient, peers: Peers, write: NewPost
) -> None:
    """S-30"""
    ada = peers.new_account("Ada")
    agreed = peers.profiles[ada]["data"]
    peers.profiles[ada]["data"] = {**agreed, "name": 7}
    post = await write(ada)
    assert post["author"] == {"id": ada, "name": None, "avatar_url": None}
    peers.profiles[ada]["data"] = agreed
    assert (await client.get(f"/posts/{post['id']}")).json()["author"]["name"] == "Ada"


async def test_known_authors_need_no_other_service(
    client: AsyncClient, peers: Peers, signed_in: SignedIn, write: NewPost, walk: Walk
) -> None:
    ada = peers.new_account("Ada")
    first = await write(ada)
    peers.asked.clear()
    second = await write(ada)
    listed = await walk(f"/posts?author_id={ada}")
    assert [item["author"]["name"] for item in (first, second, *listed)] == ["Ada"] * 4
    assert (await client.get("/posts/feed", headers=signed_in(ada))).status_code == 200
    assert peers.asked == []


async def test_a_commit_that_fails_is_a_5xx_and_stores_nothing(
    client: AsyncClient, peers: Peers, signed_in: SignedIn, walk: Walk, failing_commits: None
) -> None:
    ada = peers.new_account()
    reply = await client.post("/posts", json={"title": "t", "body": "b"}, headers=signed_in(ada))
    assert (reply.status_code, reply.json()["code"]) == (500, "internal-error")
    assert "commit" not in reply.text
    assert await walk(f"/posts?author_id={ada}") == []


async def test_an_unknown_method_is_told_what_the_path_takes(client: AsyncClient) -> None:
    """S-43, found by fuzzing: the methods of all routes on the path, not of the first one."""
    reply = await client.put("/posts/7")
    assert (reply.status_code, reply.headers["allow"]) == (405, "DELETE, GET, HEAD, PATCH")
    assert reply.json()["code"] == "method-not-allowed"
    assert (await client.put("/posts/feed")).headers["allow"] == "GET, HEAD"
