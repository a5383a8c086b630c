"""Pages of the longest posts: limited in bytes for any `limit`, without repeated or skipped posts."""

import asyncpg
import pytest
from fastapi import FastAPI
from httpx import AsyncClient

from tests.events import Outbox
from tests.peers import Peers, event
from tests.posts.conftest import NewPost, SignedIn

MIB = 1024 * 1024
MANY = 40
HEAVY = """
WITH heavy AS (
    INSERT INTO posts (author_id, title, body, tags, status, published_at)
    SELECT $1, 'Heavy', repeat('\U0001f600', 50000), ARRAY['heavy'], status,
           CASE status WHEN 'published' THEN now() + n * interval '1 microsecond' END
    FROM generate_series(1, $2) AS n, unnest(ARRAY['published', 'draft']) AS status
    WHERE status = 'published' OR n <= 10
    RETURNING id, published_at
), stats AS (
    INSERT INTO post_stats (post_id, likes_count) SELECT id, id % 3 FROM heavy WHERE published_at IS NOT NULL
)
INSERT INTO post_tags SELECT id, 'heavy', published_at FROM heavy WHERE published_at IS NOT NULL
"""
COMMENTS = """
INSERT INTO comments (post_id, author_id, body)
SELECT $1, $2, repeat('\U0001f600', 5000) FROM generate_series(1, 100)
"""


@pytest.fixture
async def author(app: FastAPI, peers: Peers, client: AsyncClient, write: NewPost, outbox: Outbox) -> int:
    """A person with many of the longest posts and some such drafts, who follows themselves in the read model."""
    author = peers.new_account()
    await write(author, title="Light", body="b")
    edge = event("follow", {"active": True}, author, author)
    headers = peers.issuer.service("users", "posts")
    assert (await client.post("/internal/events", json={"events": [edge]}, headers=headers)).status_code == 204
    superuser = await asyncpg.connect(outbox.dsn)
    await superuser.execute(HEAVY, author, MANY)
    await superuser.close()
    await app.state.backfill.fill_missing()
    return author


async def heavy_pages(client: AsyncClient, url: str, headers: dict[str, str]) -> list[int]:
    """The number of items per page; checks that each item appears once."""
    seen: list[int] = []
    sizes: list[int] = []
    while url:
        reply = await client.get(url, headers=headers)
        assert len(reply.content) <= 1.2 * MIB, url
        items = reply.json()["items"]
        assert (reply.json()["next_cursor"] is None) == ("next" not in reply.links)
        seen += [item["id"] for item in items]
        sizes.append(len(items))
        url = reply.links["next"]["url"] if reply.links else ""
    assert len(seen) == len(set(seen)), url
    return sizes


async def test_a_page_of_the_longest_posts_holds_a_mebibyte_of_them(
    client: AsyncClient, signed_in: SignedIn, author: int
) -> None:
    """Otherwise a few slow readers would use all memory."""
    headers = signed_in(author)
    for path, count in {
        "?": MANY + 1,
        "?q=heavy": MANY,
        "?tag=heavy": MANY,
        f"?author_id={author}": MANY + 1,
        "?sort=top": MANY + 1,
        "?sort=top&tag=heavy": MANY,
        "/feed?": MANY + 1,
        "/drafts?": 10,
    }.items():
        sizes = await heavy_pages(client, f"/posts{path}&limit=100", headers)
        assert sum(sizes) == count, path
        assert set(sizes[:-1]) <= {5, 6}, path


async def test_a_page_of_the_longest_comments_too(
    client: AsyncClient, signed_in: SignedIn, write: NewPost, peers: Peers, outbox: Outbox
) -> None:
    ada = peers.new_account()
    post = (await write(ada))["id"]
    superuser = await asyncpg.connect(outbox.dsn)
    await superuser.execute(COMMENTS, post, ada)
    await superuser.close()
    assert await heavy_pages(client, f"/posts/{post}/comments?limit=100", {}) == [52, 48]
