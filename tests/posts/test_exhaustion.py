"""All connections stay in use (R-10): requests are refused in time, and probes and metrics still work."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import asyncpg
import pytest
from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient
from sqlalchemy import text

from common.db.database import Database
from posts.config import Settings
from posts.main import create_app
from tests.database import Server
from tests.peers import Peers, ended, event
from tests.timing import Within, also_timed
from tests.waiting import eventually, in_time

POOL_TIMEOUT = 0.3
LOCK_TIMEOUT = "2s"
"""The production limit, see deploy/postgres/service-database.sql."""
CLIENTS = 60


@pytest.fixture
async def small(settings: Settings, peers: Peers, server: Server) -> AsyncIterator[FastAPI]:
    """posts with two connections of each kind, and the limit of production for locks."""
    name = str(settings.database_url.path).lstrip("/")
    superuser = await asyncpg.connect(server.dsn)
    await superuser.execute(f"""ALTER ROLE posts IN DATABASE "{name}" SET lock_timeout = '{LOCK_TIMEOUT}'""")
    await superuser.close()
    limits = {"pool_size": 1, "read_pool_size": 1, "max_overflow": 1, "pool_timeout": POOL_TIMEOUT}
    app = create_app(Settings.model_validate({**settings.model_dump(), **limits}), peers)
    async with app.router.lifespan_context(app):
        await app.state.revoked.read()
        yield app


@pytest.fixture
async def client(small: FastAPI) -> AsyncIterator[AsyncClient]:
    async with AsyncClient(transport=ASGITransport(small), base_url="http://posts.test") as client:
        yield client


@asynccontextmanager
async def all_taken(database: Database) -> AsyncIterator[None]:
    async with AsyncExitStack() as held:
        for engine in (database.engine, database.reading):
            for _ in range(2):
                await held.enter_async_context(engine.connect())
        yield


@also_timed
async def test_requests_are_refused_in_time_and_the_process_stays_alive_and_ready(
    small: FastAPI, client: AsyncClient, peers: Peers, within: Within
) -> None:
    headers = peers.issuer.person(peers.new_account())
    async with all_taken(small.state.database):
        with within(POOL_TIMEOUT + 5):  # all at once
            refused = await asyncio.gather(
                *(client.get("/posts") for _ in range(CLIENTS)),
                *(client.post("/posts", json={"title": "t", "body": "b"}, headers=headers) for _ in range(CLIENTS)),
            )
        told = {(reply.status_code, reply.json()["code"], reply.headers["retry-after"]) for reply in refused}
        assert told == {(503, "database-unavailable", "1")}
        assert (await client.get("/livez")).status_code == 200
        assert (await client.get("/readyz")).status_code == 200
        metrics = (await client.get("/metrics")).text
        assert 'db_pool_connections{pool="reading"} 2.0' in metrics
        assert 'db_pool_connections{pool="writing"} 2.0' in metrics
    assert (await client.get("/posts")).status_code == 200


@also_timed
async def test_a_revocation_is_learned_while_readers_queue_for_every_connection(
    small: FastAPI, client: AsyncClient, peers: Peers, within: Within
) -> None:
    """S-14 under R-10: within 5 s everywhere, however busy the process is."""
    claims = peers.issuer.claims(peers.new_account())
    headers = {"Authorization": f"Bearer {peers.issuer.sign(claims)}"}
    assert (await client.get("/posts/drafts", headers=headers)).status_code == 200
    told = await client.post(
        "/internal/events", json={"events": [ended(claims["sid"])]}, headers=peers.issuer.service("auth", "posts")
    )
    assert told.status_code == 204
    async with all_taken(small.state.database):

        async def is_refused() -> bool:
            return (await client.get("/posts/drafts", headers=headers)).status_code == 401

        with within(3):
            await eventually(is_refused)


@also_timed
async def test_a_locked_table_leaves_no_deadlock_and_no_open_transaction(
    small: FastAPI, client: AsyncClient, peers: Peers, server: Server, settings: Settings, within: Within
) -> None:
    """Writers that also need names, counters and events: each request takes its connections one after the other."""
    name = str(settings.database_url.path).lstrip("/")
    people = [peers.new_account() for _ in range(CLIENTS)]
    superuser = await asyncpg.connect(server.dsn, database=name)
    try:
        async with superuser.transaction():
            await superuser.execute("LOCK TABLE posts IN ACCESS EXCLUSIVE MODE")
            new = {"title": "t", "body": "b"}
            writing = [client.post("/posts", json=new, headers=peers.issuer.person(person)) for person in people]
            replies = await asyncio.gather(*writing, *(client.get("/posts") for _ in range(CLIENTS)))
            assert {reply.status_code for reply in replies} == {503}
        with within(2):
            assert (await client.post("/posts", json=new, headers=peers.issuer.person(people[0]))).status_code == 201
        database = small.state.database
        assert {pool.checkedout() for pool in (database.engine.pool, database.reading.pool)} == {0}
        idle = "SELECT count(*) FROM pg_stat_activity WHERE datname = $1 AND state LIKE 'idle in transaction%'"
        assert await superuser.fetchval(idle, name) == 0
    finally:
        await superuser.close()


async def test_who_looks_at_the_metrics_takes_nothing_from_those_who_need_it(
    small: FastAPI, client: AsyncClient, server: Server, settings: Settings
) -> None:
    """R-10: a scrape that waits for a lock leaves readiness and revocations their connection."""
    superuser = await asyncpg.connect(server.dsn, database=str(settings.database_url.path).lstrip("/"))
    try:
        async with superuser.transaction():
            await superuser.execute("LOCK TABLE outbox IN ACCESS EXCLUSIVE MODE")
            scrape = asyncio.create_task(client.get("/metrics"))
            await asyncio.sleep(0.1)
            assert (await client.get("/readyz")).json() == {"status": "ready", "missing": []}
            await in_time(small.state.revoked.read())
            assert not scrape.done()
            metrics = (await scrape).text
            assert "outbox_rows" not in metrics
            assert "erasures_pending" in metrics
    finally:
        await superuser.close()


async def test_no_request_holds_one_connection_while_it_waits_for_another(
    small: FastAPI, client: AsyncClient, peers: Peers
) -> None:
    """With one connection for writing left, every kind of write still succeeds."""
    ada, grace = peers.new_account("Ada"), peers.new_account("Grace")
    async with small.state.database.engine.connect() as held:
        await held.execute(text("SELECT 1"))
        new = await client.post("/posts", json={"title": "t", "body": "b"}, headers=peers.issuer.person(ada))
        assert new.status_code == 201
        path = f"/posts/{new.json()['id']}"
        said = await client.post(f"{path}/comments", json={"body": "b"}, headers=peers.issuer.person(grace))
        assert said.status_code == 201
        assert (await client.put(f"{path}/like", headers=peers.issuer.person(grace))).status_code == 204
        told = [event("profile", {"name": "Ada", "avatar_url": None}, ada, version=9)]
        headers = peers.issuer.service("users", "posts")
        assert (await client.post("/internal/events", json={"events": told}, headers=headers)).status_code == 204
