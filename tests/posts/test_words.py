"""Each post has the words of its current text, whichever release wrote it."""

import uuid
from pathlib import Path

import asyncpg
from fastapi import FastAPI
from httpx import AsyncClient
from sqlalchemy import text

from common.db.backfill import store_params
from common.db.migrations import migrate
from posts.repositories.words import WORDS
from tests.database import Template
from tests.events import Outbox
from tests.peers import Peers
from tests.posts.conftest import NewPost, SignedIn

# As the previous release writes.
OLD_INSERT = """
INSERT INTO posts (author_id, title, body, status, published_at) VALUES ($1, $2, 'b', $3, $4) RETURNING id
"""
OLD_UPDATE = "UPDATE posts SET title = $2, version = version + 1 WHERE id = $1"
NOW = "SELECT now()"
MISSING = "SELECT count(*) FROM post_words WHERE words IS NULL"


async def found(client: AsyncClient, words: str) -> list[int]:
    reply = await client.get("/posts", params={"q": words})
    return [post["id"] for post in reply.json()["items"]]


async def test_what_this_release_writes_has_its_words_at_once(
    client: AsyncClient, peers: Peers, signed_in: SignedIn, write: NewPost, outbox: Outbox
) -> None:
    author = peers.new_account()
    post = await write(author, title="Zenith")
    draft = await write(author, title="Zenith of drafts", status="draft")
    headers = signed_in(author)
    for path, change in (
        (post["id"], {"title": "Nadir"}),
        (post["id"], {"body": "Azimuth/altitude"}),
        (post["id"], {"tags": ["sky"]}),
        (draft["id"], {"body": "Azimuth too"}),
        (draft["id"], {"status": "published"}),
    ):
        assert (await client.patch(f"/posts/{path}", json=change, headers=headers)).status_code == 200
        assert (await outbox.rows(MISSING))[0]["count"] == 0
    assert await found(client, "nadir altitude") == [post["id"]]
    assert await found(client, "zenith azimuth") == [draft["id"]]
    assert await found(client, "zenith clear") == []


async def test_a_draft_has_no_words(client: AsyncClient, peers: Peers, write: NewPost, outbox: Outbox) -> None:
    draft = await write(peers.new_account(), title="Zenith", status="draft")
    assert await outbox.rows("SELECT 1 FROM post_words WHERE post_id = $1", draft["id"]) == []


async def test_what_the_release_before_writes_is_found_soon(app: FastAPI, client: AsyncClient, outbox: Outbox) -> None:
    """Its replicas run on while this release is rolled out."""
    (time,) = (await outbox.rows(NOW))[0]
    post = (await outbox.rows(OLD_INSERT, 1, "Perigee/apogee", "published", time))[0]["id"]
    draft = (await outbox.rows(OLD_INSERT, 1, "Perigee", "draft", None))[0]["id"]
    await app.state.backfill.fill_missing()
    assert await found(client, "apogee") == [post]
    await outbox.rows(OLD_UPDATE, post, "Syzygy")
    assert await found(client, "apogee") == []
    await outbox.rows("UPDATE posts SET status = 'published', published_at = now() WHERE id = $1", draft)
    await app.state.backfill.fill_missing()
    assert (await found(client, "syzygy"), await found(client, "perigee")) == ([post], [draft])


async def test_words_of_a_text_that_has_changed_meanwhile_are_not_stored(app: FastAPI, outbox: Outbox) -> None:
    """Two processes fill words at once, or one fills them while somebody writes."""
    (time,) = (await outbox.rows(NOW))[0]
    post = (await outbox.rows(OLD_INSERT, 1, "Quasar", "published", time))[0]["id"]
    async with app.state.database.transaction() as session:
        rows = (await session.execute(WORDS.missing, {"after": 0, "most": 100})).all()
    await outbox.rows(OLD_UPDATE, post, "Pulsar")
    async with app.state.database.transaction() as session:
        await session.execute(WORDS.store, store_params(rows, ["'of':1 'before':2"] * len(rows)))
        missing = text("SELECT words IS NULL FROM post_words WHERE post_id = :post")
        assert (await session.execute(missing, {"post": post})).scalar_one()


async def test_making_words_waits_for_nobody_and_comes_back(app: FastAPI, client: AsyncClient, outbox: Outbox) -> None:
    """A deletion of many posts locks their rows in another order, which could deadlock."""
    (time,) = (await outbox.rows(NOW))[0]
    post = (await outbox.rows(OLD_INSERT, 1, "Zodiacal", "published", time))[0]["id"]
    connection = await asyncpg.connect(outbox.dsn)
    try:
        async with connection.transaction():
            await connection.execute("SELECT FROM post_words WHERE post_id = $1 FOR UPDATE", post)
            await app.state.backfill.fill_missing()
        assert await found(client, "zodiacal") == []
    finally:
        await connection.close()
    await app.state.backfill.fill_missing()
    assert await found(client, "zodiacal") == [post]


async def test_an_existing_database_is_mended(templates: dict[str, Template], tmp_path: Path) -> None:
    """All published posts have their words after the migration, also if it was interrupted."""
    template, name = templates["posts"], f"posts_{uuid.uuid4().hex[:12]}"
    await template.prepare()
    await template.run(f'CREATE DATABASE "{name}" OWNER posts_owner STRATEGY file_copy')
    before, folding = template.migrations_up_to("0009", tmp_path), template.migrations_up_to("0011", tmp_path)
    owner = template.owner_settings(name)
    await migrate(before, owner)
    password = owner.owner_database_password.get_secret_value()
    connection = await asyncpg.connect(str(owner.owner_database_url), password=password)
    try:
        await connection.execute(
            """INSERT INTO posts (author_id, title, body, status, published_at)
            SELECT n, 'Alpha/Beta', 'Post ' || n, CASE WHEN n % 10 = 0 THEN 'draft' ELSE 'published' END,
                CASE WHEN n % 10 > 0 THEN now() END FROM generate_series(1, 1200) AS n"""
        )
        await migrate(folding, owner)
        beta = "SELECT count(*) FROM post_words WHERE words @@ '''beta'''"
        assert await connection.fetchval(beta) == 1080
        await connection.execute("DELETE FROM post_words WHERE post_id % 3 = 0")
        await connection.execute("UPDATE alembic_version SET version_num = '0009'")
        await migrate(folding, owner)
        assert await connection.fetchval(beta) == 1080
        assert await connection.fetchval("SELECT count(*) FROM posts WHERE words @@ '''alpha/beta'''") == 1200
        for index in ("ix_posts_words", "ix_post_words_words"):  # otherwise one writer in thousands waits for seconds
            options = await connection.fetchval("SELECT reloptions FROM pg_class WHERE relname = $1", index)
            assert options == ["gin_pending_list_limit=256"]
    finally:
        await connection.close()
        await template.drop(name)
