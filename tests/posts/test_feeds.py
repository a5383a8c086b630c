"""Atom feeds, read by a parser that nobody here wrote."""

from typing import Any

import feedparser  # type: ignore[import-untyped]
import pytest
from httpx import AsyncClient

from tests.peers import Peers
from tests.posts.conftest import NewPost, SignedIn

SITE = "http://127.0.0.1:8000"
"""By default (ISSUER)."""


async def read(client: AsyncClient, path: str) -> Any:
    reply = await client.get(f"/posts/feeds/{path}.atom")
    assert (reply.status_code, reply.headers["content-type"]) == (200, "application/atom+xml"), reply.text
    found = feedparser.parse(reply.content, response_headers=dict(reply.headers))
    assert (found.bozo, found.version) == (False, "atom10"), found.get("bozo_exception")
    return found


async def test_a_persons_feed_has_their_latest_published_posts(
    client: AsyncClient, peers: Peers, write: NewPost
) -> None:
    ada, grace = peers.new_account("Ada & <Co>"), peers.new_account("Grace")
    posts = [await write(ada, title=f"Night {number}", tags=["a", "b"]) for number in range(21)]
    await write(ada, title="Draft", status="draft")
    await write(grace, title="Somebody else's")
    feed = await read(client, f"people/{ada}")
    assert feed.feed.title == "Ada & <Co> · Trivium"
    assert feed.feed.id == f"{SITE}/posts/feeds/people/{ada}.atom"
    assert [(link.rel, link.href) for link in feed.feed.links] == [
        ("self", feed.feed.id),
        ("alternate", f"{SITE}/people/{ada}"),
    ]
    assert [entry.title for entry in feed.entries] == [post["title"] for post in reversed(posts[1:])]
    newest, post = feed.entries[0], posts[-1]
    assert (newest.id, newest.link) == (f"{SITE}/posts/{post['id']}", f"{SITE}/post/{post['id']}")
    assert (newest.author_detail.name, newest.author_detail.href) == ("Ada & <Co>", f"{SITE}/people/{ada}")
    assert [tag.term for tag in newest.tags] == ["a", "b"]
    assert newest.summary == "It was a clear night."
    assert newest.published_parsed == newest.updated_parsed == feed.feed.updated_parsed


async def test_a_tags_feed_is_found_in_any_spelling(client: AsyncClient, peers: Peers, write: NewPost) -> None:
    ada = peers.new_account("Ada")
    await write(ada, title="With it", tags=["C++", "c#"])
    await write(ada, title="Without")
    for spelling in ("c%2B%2B", "C++"):
        feed = await read(client, f"tags/{spelling}")
        assert [entry.title for entry in feed.entries] == ["With it"]
        assert (feed.feed.title, feed.feed.link) == ("#c++ · Trivium", f"{SITE}/tags/c%2B%2B")
        assert feed.feed.id == f"{SITE}/posts/feeds/tags/c%2B%2B.atom"
    assert [entry.title for entry in (await read(client, "tags/c%23")).entries] == ["With it"]
    refused = await client.get("/posts/feeds/tags/two%20words.atom")
    assert (refused.status_code, refused.json()["code"]) == (422, "validation-failed")


async def test_the_latest_posts_of_everybody(client: AsyncClient, peers: Peers, write: NewPost) -> None:
    written = [await write(peers.new_account(name), title=f"By {name}") for name in ("Ada", "Grace")]
    feed = await read(client, "latest")
    assert [entry.id for entry in feed.entries[:2]] == [f"{SITE}/posts/{post['id']}" for post in reversed(written)]
    assert [entry.author for entry in feed.entries[:2]] == ["Grace", "Ada"]
    assert feed.feed.link == f"{SITE}/"


@pytest.mark.parametrize("path", ["people/9007199254740991", "tags/nobody-used-it"])
async def test_a_feed_without_posts_is_a_valid_feed(client: AsyncClient, path: str) -> None:
    feed = await read(client, path)
    assert feed.entries == []
    assert feed.feed.updated == "1970-01-01T00:00:00+00:00"


async def test_texts_become_text_whatever_they_hold(client: AsyncClient, peers: Peers, write: NewPost) -> None:
    """Markup is escaped, and what XML 1.0 forbids is replaced, or one post would break the feed for all."""
    ada = peers.new_account()
    body = "<script>alert(1)</script> ]]> &amp; \x01\x08\x0b\x1f\ufffe\uffff \u2028 🦊 \r\n end"
    await write(ada, title="<b>&lt; ]]>", body=body, description="")
    (entry,) = (await read(client, f"people/{ada}")).entries
    assert entry.title == "<b>&lt; ]]>"
    bad = "\ufffd" * 6
    assert entry.summary == f"<script>alert(1)</script> ]]> &amp; {bad} \u2028 🦊 \n end"


async def test_a_long_text_is_cut_and_a_description_stands_for_it(
    client: AsyncClient, peers: Peers, write: NewPost
) -> None:
    ada = peers.new_account()
    await write(ada, body="🦊" * 50_000)
    await write(ada, body="A long story.", description="In short.")
    described, cut = (await read(client, f"people/{ada}")).entries
    assert (described.summary, cut.summary) == ("In short.", "🦊" * 500 + "…")


async def test_a_reader_who_has_the_feed_gets_it_again_only_after_a_change(
    client: AsyncClient, peers: Peers, signed_in: SignedIn, write: NewPost
) -> None:
    ada = peers.new_account()
    post = await write(ada)
    path = f"/posts/feeds/people/{ada}.atom"
    first = await client.get(path)
    known = {"If-None-Match": first.headers["etag"]}
    again = await client.get(path, headers=known)
    assert (again.status_code, again.content) == (304, b"")
    for reply in (first, again):
        assert reply.headers["cache-control"] == "public, max-age=60"
        assert reply.headers["etag"] == first.headers["etag"]
    await client.put(f"/posts/{post['id']}/like", headers=signed_in(ada))
    assert (await client.get(path, headers=known)).status_code == 304  # the feed shows no likes
    await client.patch(f"/posts/{post['id']}", json={"title": "Second light"}, headers=signed_in(ada))
    changed = await client.get(path, headers=known)
    assert (changed.status_code, "Second light" in changed.text) == (200, True)
