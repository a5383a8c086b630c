"""Slugs: posts' names in addresses."""

import pytest
from httpx import AsyncClient

from posts.services.slugs import id_in, slug_of
from tests.peers import Peers
from tests.posts.conftest import NewPost, SignedIn


@pytest.mark.parametrize(
    ("title", "slug"),
    [
        ("First light", "first-light-41"),
        ("  Crème brûlée, & more!  ", "creme-brulee-more-41"),
        ("feed", "feed-41"),
        ("晴れた夜", "41"),
        ("a" * 200, "a" * 80 + "-41"),
        ("7", "7-41"),
    ],
)
def test_a_slug_is_the_titles_words_and_the_id(title: str, slug: str) -> None:
    assert slug_of(title, 41) == slug
    assert id_in(slug) == 41


@pytest.mark.parametrize(
    "slug", ["", "feed", "first-light", "first-light-0", "-", "4\n1", "99999999999999999", "a-4.1"]
)
def test_other_texts_hold_no_id(slug: str) -> None:
    assert id_in(slug) is None


async def test_a_post_is_found_by_its_exact_slug(
    client: AsyncClient, peers: Peers, signed_in: SignedIn, write: NewPost
) -> None:
    ada = peers.new_account()
    first, second = await write(ada, title="Twice"), await write(ada, title="Twice")
    assert first["slug"] != second["slug"]
    for post in (first, second):
        reply = await client.get(f"/posts/by-slug/{post['slug']}", headers=signed_in(ada))
        assert (reply.status_code, reply.json()["id"]) == (200, post["id"])
    for wrong in (f"other-{first['id']}", f"{first['id']}", "twice", f"twice-{first['id']}0", f"TWICE-{first['id']}"):
        reply = await client.get(f"/posts/by-slug/{wrong}")
        assert (reply.status_code, reply.json()["code"]) == (404, "post-not-found")


async def test_a_slug_changes_with_the_title_only(
    client: AsyncClient, peers: Peers, signed_in: SignedIn, write: NewPost
) -> None:
    ada = peers.new_account()
    post = await write(ada, title="Before", description="Said in short.")
    path, headers = f"/posts/{post['id']}", signed_in(ada)
    same = await client.patch(path, json={"body": "other", "description": ""}, headers=headers)
    assert (same.json()["slug"], same.json()["description"]) == (post["slug"], "")
    renamed = await client.patch(path, json={"title": "After"}, headers=headers)
    assert renamed.json()["slug"] == f"after-{post['id']}"
    assert (await client.get(f"/posts/by-slug/{post['slug']}")).status_code == 404
