"""The three ways in which a route uses its database, on a real one: their commits and answers."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import pytest
from fastapi import FastAPI, Request
from httpx import AsyncClient
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from common.db.database import Database, TransactionFactory
from common.errors import Conflict
from common.http.access import public
from common.http.deps import DbSession, ReadSession
from common.http.routing import service_router
from common.serving.app import build_app
from deploy.local.ports import free_port
from tests.common.conftest import probe_settings, probing
from tests.conftest import Cloner
from tests.database import Server, database_at
from tests.waiting import GENEROUS

ADD = text("INSERT INTO things (id) VALUES (:id)")
COUNT = text("SELECT count(*) FROM things WHERE id = :id")
router = service_router("/things", "things")


@router.post("/{thing_id}", status_code=201)
@public
async def add(thing_id: int, session: DbSession) -> dict[str, int]:
    await session.execute(ADD, {"id": thing_id})
    return {"id": thing_id}


@router.post("/{thing_id}/refused")
@public
async def add_and_refuse(thing_id: int, session: DbSession) -> None:
    await session.execute(ADD, {"id": thing_id})
    raise Conflict("Not after all.")


@router.post("/{thing_id}/unfit", response_model=dict[str, int])
@public
async def add_and_answer_badly(thing_id: int, session: DbSession) -> Any:
    await session.execute(ADD, {"id": thing_id})
    return {"id": "secret"}


def transactions(request: Request) -> TransactionFactory[AsyncSession]:
    return TransactionFactory(request.app.state.database, lambda session: session)


@router.post("/{thing_id}/traced")
@public
async def leave_a_trace_and_refuse(thing_id: int, request: Request) -> None:
    async with transactions(request)() as session:
        await session.execute(ADD, {"id": thing_id})
    raise Conflict("Refused, and remembered.")


@router.post("/{thing_id}/undone")
@public
async def refuse_within_the_block(thing_id: int, request: Request) -> None:
    async with transactions(request)() as session:
        await session.execute(ADD, {"id": thing_id})
        raise Conflict("Refused, and forgotten.")


@router.get("/{thing_id}")
@public
async def count(thing_id: int, session: ReadSession) -> int:
    return int((await session.execute(COUNT, {"id": thing_id})).scalar_one())


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncGenerator[None]:
    app.state.database = Database(app.state.settings)
    yield
    await app.state.database.disconnect()


@pytest.fixture(scope="module")
async def database(database_of: Cloner) -> dict[str, str]:
    return await database_of("auth")


@pytest.fixture(scope="module")
async def superuser(server: Server, database: dict[str, str]) -> AsyncIterator[Any]:
    connection = await asyncpg.connect(server.dsn, database=database["database_url"].rpartition("/")[2])
    # the unique check waits for the commit, so that it is the commit that fails
    await connection.execute("CREATE TABLE things (id int UNIQUE DEFERRABLE INITIALLY DEFERRED)")
    await connection.execute("GRANT SELECT, INSERT ON things TO auth")
    yield connection
    await connection.close()


def things(database: Mapping[str, Any]) -> FastAPI:
    settings = probe_settings(**database)
    return build_app(settings, service="things", title="Things", description="", lifespan=lifespan, routers=[router])


@pytest.fixture(scope="module")
async def client(database: dict[str, str], superuser: Any) -> AsyncIterator[AsyncClient]:
    async with probing(things(database)) as client:
        yield client


@pytest.mark.parametrize(
    ("thing", "path", "status", "kept"),
    [(1, "", 201, 1), (2, "/refused", 409, 0), (3, "/unfit", 500, 0), (4, "/traced", 409, 1), (5, "/undone", 409, 0)],
)
async def test_what_is_kept_fits_what_the_caller_is_told(
    client: AsyncClient, superuser: Any, thing: int, path: str, status: int, kept: int
) -> None:
    reply = await client.post(f"/things/{thing}{path}")
    assert reply.status_code == status, reply.text
    assert "secret" not in reply.text
    assert await superuser.fetchval("SELECT count(*) FROM things WHERE id = $1", thing) == kept
    assert (await client.get(f"/things/{thing}")).json() == kept


@pytest.mark.parametrize(("patience", "status"), [(0.5, 503), (GENEROUS, 200)])
async def test_opening_a_connection_may_take_as_long_as_waiting_for_one(
    server: Server,
    database: dict[str, str],
    superuser: Any,
    monkeypatch: pytest.MonkeyPatch,
    patience: float,
    status: int,
) -> None:
    """New connections to a paused pooler wait, as statements on open ones do."""
    monkeypatch.setattr("common.db.database.CONNECT", 0.1)
    real, port = database["database_url"], free_port()
    slow = {"database_url": real.replace(server.address, f"127.0.0.1:{port}"), "pool_timeout": patience}
    async with database_at(port, real, delay=1), probing(things({**database, **slow})) as client:
        assert (await client.get("/things/1")).status_code == status


@pytest.mark.parametrize(("patience", "status"), [(0.5, 503), (GENEROUS, 200)])
async def test_a_statement_may_wait_as_long_as_for_a_connection(
    database: dict[str, str], superuser: Any, monkeypatch: pytest.MonkeyPatch, patience: float, status: int
) -> None:
    monkeypatch.setattr("common.db.database.STATEMENT", 0.1)
    monkeypatch.setattr("common.db.database.LONGEST_STATEMENT", 0.1)
    async with probing(things({**database, "pool_timeout": patience})) as client:
        async with superuser.transaction():
            await superuser.execute("LOCK TABLE things")
            asking = asyncio.create_task(client.get("/things/1"))
            await asyncio.sleep(1)
        assert (await asking).status_code == status


async def test_a_former_primary_is_left_with_its_connections(database: dict[str, str], superuser: Any) -> None:
    """It is read-only, and a new connection leads to the present one."""
    async with probing(things({**database, "pool_size": 1})) as client:
        await superuser.execute("ALTER ROLE auth SET default_transaction_read_only = on")
        try:
            reply = await client.post("/things/30")
        finally:
            await superuser.execute("ALTER ROLE auth RESET default_transaction_read_only")
        assert (reply.status_code, reply.json()["code"]) == (503, "database-unavailable")
        assert (await client.post("/things/30")).status_code == 201


async def test_a_commit_that_fails_is_never_a_success(client: AsyncClient, superuser: Any) -> None:
    """The session is closed before the reply is sent, not after."""
    assert (await client.post("/things/10")).status_code == 201
    reply = await client.post("/things/10")
    assert (reply.status_code, reply.json()["code"]) == (500, "internal-error")
    assert "things" not in reply.text
    assert await superuser.fetchval("SELECT count(*) FROM things WHERE id = 10") == 1


async def test_no_route_leaves_a_transaction_open(client: AsyncClient, superuser: Any) -> None:
    for method, path in (("POST", "20"), ("POST", "21/refused"), ("POST", "22/unfit"), ("GET", "20"), ("POST", "20")):
        await client.request(method, f"/things/{path}")
    idle = "SELECT count(*) FROM pg_stat_activity WHERE usename = 'auth' AND state LIKE 'idle in transaction%'"
    assert await superuser.fetchval(f"{idle} AND datname = current_database()") == 0


async def test_a_wrong_statement_is_a_500_that_shows_no_sql(client: AsyncClient, superuser: Any) -> None:
    """S-45"""
    await superuser.execute("ALTER TABLE things RENAME TO hidden")
    reply = await client.get("/things/20")
    await superuser.execute("ALTER TABLE hidden RENAME TO things")
    assert (reply.status_code, reply.json()["code"]) == (500, "internal-error")
    assert "things" not in reply.text.replace("/things", "")
    assert (await client.get("/things/20")).status_code == 200


async def test_a_statement_that_waits_too_long_is_a_503(database: dict[str, str], superuser: Any) -> None:
    """By the role's lock_timeout and statement_timeout: a temporary 503, not a client error."""
    for limit in ("lock_timeout", "statement_timeout"):
        name = database["database_url"].rpartition("/")[2]
        await superuser.execute(f'ALTER ROLE auth IN DATABASE "{name}" SET {limit} = 50')
        async with probing(things(database)) as client, superuser.transaction():
            await superuser.execute("LOCK TABLE things")
            reply = await client.post("/things/30")
        await superuser.execute(f'ALTER ROLE auth IN DATABASE "{name}" RESET {limit}')
        assert (reply.status_code, reply.json()["code"]) == (503, "database-unavailable"), limit
        assert reply.headers["retry-after"] == "1"
