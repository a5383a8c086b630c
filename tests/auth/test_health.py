"""`/livez` and `/readyz`, and the answers of a service without its database."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from httpx import AsyncClient
from pydantic import PostgresDsn, SecretStr

from auth.config import Settings
from auth.main import create_app
from tests.auth.conftest import PASSWORD, Connection, bearer, client_of, running
from tests.mint import Mint

IMPATIENT = {"pool_timeout": timedelta(seconds=0.5)}
"""As in production: a request that waits for a connection does not learn that another connection failed."""
NOWHERE = PostgresDsn("postgresql://auth@127.0.0.1:1/auth")


async def test_a_migrated_service_with_keys_is_ready(client: AsyncClient) -> None:
    for path, status in (("/livez", "alive"), ("/readyz", "ready")):
        reply = await client.get(path)
        assert (reply.status_code, reply.json()["status"]) == (200, status)


@pytest.mark.parametrize(
    ("revision", "status", "missing"),
    [
        ("UPDATE alembic_version SET version_num = '9999_of_a_later_release'", 200, []),
        ("DELETE FROM alembic_version", 503, ["database: older than this release; run migrate"]),
        ("DROP TABLE alembic_version", 503, ["database: not migrated"]),
    ],
)
async def test_readiness_follows_the_schema(
    settings: Settings, superuser: Connection, revision: str, status: int, missing: list[str]
) -> None:
    """Only a database that is older than the code prevents serving."""
    async with running(settings) as app, client_of(app) as client:
        await superuser.execute("CREATE TABLE kept AS TABLE alembic_version")
        try:
            await superuser.execute(revision)
            reply = await client.get("/readyz")
            assert (reply.status_code, reply.json()["missing"]) == (status, missing)
            assert (await client.get("/livez")).status_code == 200
        finally:
            await superuser.execute("DROP TABLE IF EXISTS alembic_version; ALTER TABLE kept RENAME TO alembic_version")
            await superuser.execute("GRANT SELECT ON alembic_version TO auth")


@pytest.mark.parametrize(("changes", "status"), [({}, 200), (IMPATIENT, 503)])
async def test_a_database_that_pauses_counts_only_after_requests_would_have_waited(
    settings: Settings, superuser: Connection, changes: dict[str, timedelta], status: int
) -> None:
    """Or all replicas would be unready at once, while their requests wait."""
    async with running(settings.model_copy(update=changes)) as app, client_of(app) as client:
        assert (await client.get("/readyz")).status_code == 200
        async with superuser.transaction():
            await superuser.execute("LOCK TABLE alembic_version")
            assert (await client.get("/readyz")).status_code == status
        assert (await client.get("/readyz")).status_code == 200


@pytest.fixture(params=["no server", "no such database", "wrong password", "no connections left"])
async def away(request: pytest.FixtureRequest, settings: Settings, superuser: Connection) -> AsyncIterator[Settings]:
    """Settings of a service whose database cannot be used, for several reasons."""
    host = str(settings.database_url).rpartition("/")[0]
    name = str(settings.database_url.path).lstrip("/")
    undo = "SELECT 1"
    if request.param == "no server":
        changes: dict[str, object] = {"database_url": NOWHERE}
    elif request.param == "no such database":
        changes = {"database_url": PostgresDsn(f"{host}/nothing")}
    elif request.param == "wrong password":
        changes = {"database_password": SecretStr("wrong password 0123456789 abcdefghij")}
    else:
        changes, undo = {}, f'ALTER DATABASE "{name}" CONNECTION LIMIT -1'
        await superuser.execute(f'ALTER DATABASE "{name}" CONNECTION LIMIT 0')
    yield settings.model_copy(update=changes | IMPATIENT)
    await superuser.execute(undo)


async def test_without_its_database_a_service_is_alive_not_ready_and_answers_503(away: Settings, mint: Mint) -> None:
    """The start does not need the database, and its absence is never a 500."""
    app = create_app(away)
    async with app.router.lifespan_context(app), client_of(app) as client:
        assert (await client.get("/livez")).status_code == 200
        ready = await client.get("/readyz")
        assert (ready.status_code, ready.json()["status"]) == (503, "not ready"), ready.text
        assert "database: no answer" in ready.json()["missing"]
        form = {"username": "ada@example.com", "password": PASSWORD}
        person = {"email": "ada@example.com", "password": PASSWORD, "name": "Ada"}
        for reply in (
            await client.post("/auth/token", data=form),
            await client.post("/auth/register", json=person),
        ):
            assert (reply.status_code, reply.json()["code"]) == (503, "database-unavailable"), reply.text
            assert reply.headers["retry-after"] == "1"
            assert away.database_password.get_secret_value() not in reply.text
        for reply in (
            await client.get("/auth/me", headers=bearer(mint.token())),
            await client.get("/.well-known/jwks.json"),
        ):
            assert (reply.status_code, reply.json()["code"]) == (503, "keys-unavailable")
        assert (await client.get("/livez")).status_code == 200


async def test_a_service_recovers_when_its_connections_were_cut(
    settings: Settings, superuser: Connection, mint: Mint
) -> None:
    """A restart of the database fails only requests in flight."""
    async with running(settings) as app, client_of(app) as client:
        assert (await client.get("/auth/me", headers=bearer(mint.token()))).status_code == 200
        ours = "datname = current_database() AND usename = 'auth'"
        await superuser.execute(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {ours}")  # noqa: S608
        statuses = [(await client.get("/auth/me", headers=bearer(mint.token()))).status_code for _ in range(5)]
        assert set(statuses) <= {200, 503}
        assert statuses[-1] == 200


async def test_a_full_pool_is_a_503_in_time(settings: Settings, superuser: Connection, mint: Mint) -> None:
    full = settings.model_copy(update={"read_pool_size": 1, "max_overflow": 0, **IMPATIENT})
    async with running(full) as app, client_of(app) as client, app.state.database.reading.connect():
        started = asyncio.get_running_loop().time()
        reply = await client.get("/auth/me", headers=bearer(mint.token()))
        assert (reply.status_code, reply.json()["code"]) == (503, "database-unavailable")
        assert asyncio.get_running_loop().time() - started < 1
