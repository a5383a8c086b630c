"""posts under deadlines: its caller's, or because of a slow peer (R-09)."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
import pytest
from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient

from posts.config import Settings
from posts.main import create_app
from tests.common.misbehaving import Behaviour, drip, misbehaving, silence
from tests.database import Server
from tests.peers import Peers
from tests.posts.conftest import NewPost
from tests.timing import Within, also_timed
from tests.waiting import in_time

SLOW = {"silent": silence, "a byte a second": drip}


@also_timed
@pytest.mark.parametrize("behaviour", SLOW.values(), ids=list(SLOW))
async def test_reads_are_answered_without_names_while_users_is_slow(
    settings: Settings, peers: Peers, write: NewPost, behaviour: Behaviour, within: Within
) -> None:
    peers.away = True
    try:
        post = await write(peers.new_account("Ada"))  # a person unknown to posts
    finally:
        peers.away = False
    async with misbehaving(behaviour) as users:
        urls = {"users_url": users.url, "auth_url": users.url, "jwks_url": users.url, "call_deadline": 0.4}
        async with client_on_real_sockets(settings, urls) as client:
            for path in (f"/posts/{post['id']}", "/posts", f"/posts/{post['id']}/comments"):
                with within(1.2):
                    reply = await in_time(client.get(path))
                assert reply.status_code == 200, reply.text
            one = (await client.get(f"/posts/{post['id']}")).json()
    assert one["author"] == {"id": post["author"]["id"], "name": None, "avatar_url": None}
    assert one["body"] == post["body"]


@pytest.fixture
async def client_of_service(app: FastAPI) -> AsyncIterator[AsyncClient]:
    """Only services may send a deadline, so its 504 is not in the public document."""
    async with AsyncClient(transport=ASGITransport(app), base_url="http://posts.test") as client:
        yield client


@asynccontextmanager
async def client_on_real_sockets(settings: Settings, urls: dict[str, object]) -> AsyncIterator[AsyncClient]:
    app = create_app(Settings.model_validate({**settings.model_dump(), **urls}))
    transport = ASGITransport(app)
    async with (
        app.router.lifespan_context(app),
        AsyncClient(transport=transport, base_url="http://posts.test") as client,
    ):
        yield client


@pytest.mark.parametrize("sent", ["0", "-5"])
async def test_what_is_late_already_is_refused_at_once(client: AsyncClient, sent: str) -> None:
    reply = await client.get("/posts", headers={"X-Deadline-Ms": sent})
    assert (reply.status_code, reply.json()["code"]) == (504, "deadline-expired")
    assert reply.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("sent", ["", "soon", "1e3", "1.5", "9" * 30])
async def test_a_deadline_that_makes_no_sense_is_ignored(client: AsyncClient, sent: str) -> None:
    assert (await client.get("/posts", headers={"X-Deadline-Ms": sent})).status_code == 200


@also_timed
async def test_work_that_overruns_is_ended_and_leaves_nothing_behind(
    client_of_service: AsyncClient, app: FastAPI, server: Server, settings: Settings, within: Within
) -> None:
    """The statement is cancelled, the connection is free again, and the next request is served."""
    superuser = await asyncpg.connect(server.dsn, database=str(settings.database_url.path).lstrip("/"))
    try:
        async with superuser.transaction():
            await superuser.execute("LOCK TABLE posts IN ACCESS EXCLUSIVE MODE")
            with within(1.5):
                reply = await in_time(client_of_service.get("/posts", headers={"X-Deadline-Ms": "200"}))
            assert (reply.status_code, reply.json()["code"]) == (504, "deadline-expired")
            assert app.state.database.reading.pool.checkedout() == 0
        waiting = (
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
        assert await superuser.fetchval(waiting) == 0
    finally:
        await superuser.close()
    assert (await client_of_service.get("/posts", headers={"X-Deadline-Ms": "10000"})).status_code == 200
