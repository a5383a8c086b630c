"""posts erases accounts while others, or their owners, are at work."""

import asyncio
import re

import asyncpg
import pytest
from fastapi import FastAPI
from httpx import AsyncClient
from sqlalchemy import text

from posts.repositories import erasing
from tests.erasing import erase
from tests.events import Outbox
from tests.peers import Peers, gone
from tests.posts.conftest import NewPost, SignedIn
from tests.posts.reporting import Walk
from tests.posts.telling import REMEMBERED, tell
from tests.waiting import until_blocked


async def test_erasing_waits_for_what_began_before_and_takes_it_along(
    app: FastAPI, client: AsyncClient, peers: Peers, outbox: Outbox, signed_in: SignedIn, walk: Walk
) -> None:
    """The author is deleted between a request's insert and its commit."""
    ada = peers.new_account()
    connection = await asyncpg.connect(outbox.dsn)
    under_way = connection.transaction()
    await under_way.start()
    insert = "INSERT INTO posts (author_id, title, body, status) VALUES ($1, 't', 'b', 'draft')"
    await connection.execute(insert, ada)
    await tell(client, peers, "auth", gone(ada))
    for _ in range(3):
        await app.state.eraser.step()
    (row,) = await outbox.rows("SELECT finished_at FROM erased WHERE account_id = $1", ada)
    assert row["finished_at"] is None, "not before it is known what comes of it"
    await under_way.commit()
    assert await walk("/posts/drafts", signed_in(ada)) == []
    await erase(app.state.eraser)
    assert await outbox.naming(ada) == REMEMBERED
    assert await connection.execute(insert, ada) == "INSERT 0 0", "whoever comes later is left out"
    await connection.close()


@pytest.mark.parametrize("method", ["PATCH", "DELETE"])
async def test_an_author_who_is_deleted_in_the_middle_of_a_change_is_told_so(
    client: AsyncClient, peers: Peers, signed_in: SignedIn, write: NewPost, outbox: Outbox, method: str
) -> None:
    """The post existed when the change began, but the author is erased when it is counted."""
    ada = peers.new_account()
    post = await write(ada, status="draft" if method == "PATCH" else "published")
    connection = await asyncpg.connect(outbox.dsn)
    under_way = connection.transaction()
    await under_way.start()
    await connection.execute("SELECT FROM posts WHERE id = $1 FOR UPDATE", post["id"])
    body = {"status": "published"} if method == "PATCH" else None
    change = client.request(method, f"/posts/{post['id']}", json=body, headers=signed_in(ada))
    waiting = asyncio.create_task(change)
    await until_blocked(connection)  # it has its snapshot of hidden authors, and waits for the row
    await tell(client, peers, "auth", gone(ada))
    await under_way.commit()
    await connection.close()
    assert (await waiting).status_code in ({401, 404} if method == "PATCH" else {204, 404})


async def test_a_step_reads_no_table_as_a_whole_however_much_others_wrote(
    app: FastAPI, peers: Peers, write: NewPost
) -> None:
    mine, others = [[(await write(who))["id"] for _ in range(3)] for who in (peers.new_account(), peers.new_account())]
    many = {"theirs": others[0], "mine": mine[0]}
    async with app.state.database.transaction() as session:
        for table, columns, values in (
            ("comments", "author_id, body, post_id", "1, 'b'"),
            ("likes", "account_id, post_id", "n"),
        ):
            fill = f"""
                INSERT INTO {table} ({columns})
                SELECT {values}, CASE WHEN n < 4 THEN CAST(:mine AS bigint) ELSE CAST(:theirs AS bigint) END
                FROM generate_series(1, 20000) AS n
            """  # noqa: S608  # our own words
            await session.execute(text(fill), many)
            await session.execute(text(f"ANALYZE {table}"))
        await session.execute(erasing.NO_BITMAPS)
        for statement in (erasing.LIKES_OF_POSTS, erasing.COMMENTS_OF_POSTS):
            explain = text(f"EXPLAIN {statement.text}")
            plan = "\n".join((await session.execute(explain, {"posts": mine, "most": erasing.MANY})).scalars())
            assert not re.search("Seq Scan|Bitmap|Sort", plan), plan
        await session.rollback()


async def test_counters_are_right_when_others_are_at_work_meanwhile(
    app: FastAPI,
    client: AsyncClient,
    peers: Peers,
    signed_in: SignedIn,
    write: NewPost,
    outbox: Outbox,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Two people are erased while a third likes, comments and deletes, without deadlocks."""
    monkeypatch.setattr(erasing, "MANY", 2)
    monkeypatch.setattr(erasing, "SOME", 2)
    leavers, stayer = [peers.new_account() for _ in range(2)], peers.new_account()
    posts = [(await write(author, tags=["busy"]))["id"] for author in (*leavers, stayer, stayer) for _ in range(4)]
    for leaver in leavers:
        for post in posts:
            await client.put(f"/posts/{post}/like", headers=signed_in(leaver))
            await client.post(f"/posts/{post}/comments", json={"body": "b"}, headers=signed_in(leaver))
    await tell(client, peers, "auth", *(gone(leaver) for leaver in leavers))

    async def busy() -> None:
        me = signed_in(stayer)
        for post in (*posts, *posts):
            await client.put(f"/posts/{post}/like", headers=me)
            await client.post(f"/posts/{post}/comments", json={"body": "b"}, headers=me)
            await client.delete(f"/posts/{post}/like", headers=me)
        await client.delete(f"/posts/{posts[-1]}", headers=me)

    await asyncio.gather(busy(), erase(app.state.eraser), erase(app.state.eraser))
    wrong = """
        SELECT post_id FROM post_stats
        WHERE likes_count <> (SELECT count(*) FROM likes WHERE post_id = post_stats.post_id)
        OR comments_count <> (SELECT count(*) FROM comments WHERE post_id = post_stats.post_id)
        UNION ALL SELECT id FROM tags WHERE posts_count <> (SELECT count(*) FROM post_tags WHERE tag = name)
    """
    assert await outbox.rows(wrong) == []
    assert len(await outbox.rows("SELECT FROM posts WHERE author_id = ANY ($1)", leavers)) == 0
    assert len(await outbox.rows("SELECT FROM posts WHERE author_id = $1", stayer)) == 7
