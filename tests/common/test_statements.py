# file: only with posts
"""Statements on asyncpg have the same results and errors as with SQLAlchemy, in the same transaction."""

import asyncio
import importlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB, insert
from sqlalchemy.exc import DBAPIError, IntegrityError, ResourceClosedError

from common.db.database import Database
from common.db.reading import ReadSession
from common.db.statements import DIALECT, compile_once
from common.http.error_handlers import database_is_away
from deploy.services import DATABASES
from posts.config import Settings
from posts.models import Author, PostStats
from tests.common.statements import statements_of
from tests.conftest import Cloner
from tests.database import Server
from tests.waiting import eventually

IDS = sa.bindparam("ids", type_=sa.ARRAY(sa.BigInteger))
ADD = insert(Author)
NAMES = sa.select(Author.id, Author.name).where(Author.id == sa.func.any(IDS)).order_by(Author.id)


@pytest.fixture(scope="module")
async def dsn(database_of: Cloner) -> dict[str, str]:
    return await database_of("posts")


@pytest.fixture
async def database(dsn: dict[str, str]) -> AsyncIterator[Database]:
    database = Database(Settings.model_validate({**dsn, "client_secret": "a-secret-of-some-length-0123456789"}))
    yield database
    await database.disconnect()


@pytest.fixture
async def owner(server: Server, dsn: dict[str, str]) -> AsyncIterator[Any]:
    connection = await asyncpg.connect(server.dsn, database=dsn["database_url"].rpartition("/")[2])
    yield connection
    await connection.close()


def test_every_constant_of_a_repository_is_compiled_once_to_what_sqlalchemy_sends() -> None:
    found = [one for name in DATABASES for one in statements_of(importlib.import_module(f"{name}.repositories"))]
    assert len(found) > 200
    for name, statement in found:
        params = dict.fromkeys(statement.table.columns.keys()) if isinstance(statement, sa.Insert) else {}
        compiled = compile_once(statement, params)
        assert compiled is compile_once(statement, params), name
        assert compiled.sql == str(statement.compile(dialect=DIALECT, column_keys=list(params) or None)), name


async def test_rows_are_those_of_sqlalchemy(database: Database) -> None:
    now, document = datetime.now(UTC), {"a": [1, None, "é"]}
    statement = sa.select(
        sa.literal(3).label("a"),
        sa.literal(now).label("b"),
        sa.literal(timedelta(days=2), sa.Interval).label("c"),
        sa.literal(document, JSONB).label("d"),
        sa.literal(None).label("e"),
        sa.bindparam("f", type_=sa.ARRAY(sa.Text)).label("f"),
        (sa.literal("x") == "x").label("g"),
        sa.literal(1.5, sa.Float).label("h"),
        (sa.literal(7) / sa.literal(2)).label("i"),
    )
    params = {"f": ["ä", "b"]}
    found = (await ReadSession(database.reading).execute(statement, params)).mappings().one()
    async with database.engine.connect() as connection:
        expected = (await connection.execute(statement, params)).mappings().one()
    assert dict(found) == dict(expected)
    assert list(found) == list("abcdefghi")
    assert found["d"] == document


async def test_columns_of_text_have_the_names_that_postgresql_gives_them(database: Database) -> None:
    reads = ReadSession(database.reading)
    typed = sa.text("""SELECT 1 AS one, '{"a": 1}'::jsonb AS two""").columns(two=JSONB)
    assert (await reads.execute(typed)).mappings().one() == {"one": 1, "two": {"a": 1}}
    none = await reads.execute(sa.text("SELECT id, name FROM authors WHERE false"))
    assert none.scalars().all() == []


async def test_no_connection_is_left_in_the_middle_of_a_request(database: Database, owner: Any) -> None:
    """PostgreSQL would end it by `statement_timeout`, and the next request would find it broken."""
    async with database.transaction() as session:
        await session.execute(sa.text("SELECT 1"))
        await session.execute(sa.text("DELETE FROM authors WHERE false"))
    await ReadSession(database.reading).execute(sa.text("SELECT id FROM authors WHERE false"))
    states = "SELECT DISTINCT state FROM pg_stat_activity WHERE usename = 'posts' AND datname = current_database()"
    assert [row["state"] for row in await owner.fetch(states)] == ["idle"]


async def test_an_insert_has_the_columns_that_it_is_given_and_takes_many_rows(database: Database) -> None:
    async with database.transaction() as session:
        await session.execute(ADD, {"id": 1, "name": "One", "version": 1})
        await session.execute(ADD, [{"id": number, "name": f"N{number}", "version": 1} for number in (2, 3)])
        await session.execute(sa.update(Author).where(Author.id == sa.bindparam("who")), {"who": 3, "name": "Three"})
        found = await session.execute(NAMES, {"ids": [1, 2, 3]})
        assert [tuple(row) for row in found] == [(1, "One"), (2, "N2"), (3, "Three")]


async def test_objects_and_statements_of_a_session_share_its_transaction(database: Database) -> None:
    """No service uses ORM objects, but they still work."""

    async def undo() -> None:
        async with database.transaction() as session:
            session.add(Author(id=11, name="Eleven", version=1))
            await session.flush()
            await session.execute(ADD, {"id": 12, "name": "Twelve", "version": 1})
            assert len((await session.execute(NAMES, {"ids": [11, 12]})).all()) == 2
            raise RuntimeError("no")

    with pytest.raises(RuntimeError, match="no"):
        await undo()
    async with database.transaction() as session:
        assert (await session.execute(NAMES, {"ids": [11, 12]})).all() == []
        await session.execute(ADD, {"id": 12, "name": "Twelve", "version": 1})
        session.add(Author(id=11, name="Eleven", version=1))
    found = await ReadSession(database.reading).execute(NAMES, {"ids": [11, 12]})
    assert found.scalars().all() == [11, 12]


async def test_a_refused_statement_tells_why_and_costs_no_connection(database: Database) -> None:
    reads = ReadSession(database.reading)
    pid = (await reads.execute(sa.text("SELECT pg_backend_pid()"))).scalar_one()
    for statement, params, state in (
        (sa.text("SELECT 1 / 0"), {}, "22012"),
        (NAMES, {"ids": ["no number"]}, "22000"),
        (sa.text("SELECT CAST(:text AS jsonb)"), {"text": "no number"}, "22P02"),
        (sa.text("SELECT CAST(CAST(:text AS text) AS bigint)"), {"text": "no number"}, "22P02"),
    ):
        with pytest.raises(DBAPIError) as refused:
            await reads.execute(statement, params)
        assert (getattr(refused.value.orig, "sqlstate", None), database_is_away(refused.value)) == (state, False)
        assert "no number" not in f"{refused.value} {refused.value.__cause__}"
    with pytest.raises(IntegrityError):
        async with database.transaction() as session:
            await session.execute(ADD, [{"id": 21, "name": "Twice", "version": 1}] * 2)
    assert (await reads.execute(sa.text("SELECT pg_backend_pid()"))).scalar_one() == pid


async def test_a_cancelled_statement_is_ended_and_its_connection_is_not_used_again(
    database: Database, owner: Any
) -> None:
    reads = ReadSession(database.reading)
    pid = (await reads.execute(sa.text("SELECT pg_backend_pid()"))).scalar_one()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.2):
            await reads.execute(sa.text("SELECT pg_sleep(600)"))
    assert database.reading.pool.checkedout() == 0  # type: ignore[attr-defined]
    assert (await reads.execute(sa.text("SELECT pg_backend_pid()"))).scalar_one() != pid
    gone = "SELECT NOT EXISTS (SELECT FROM pg_stat_activity WHERE pid = $1)"
    await eventually(lambda: owner.fetchval(gone, pid))


async def test_a_session_that_has_ended_runs_nothing_more(database: Database) -> None:
    """Its connection may be another request's by then."""
    async with database.transaction() as session:
        await session.execute(NAMES, {"ids": []})
    with pytest.raises(ResourceClosedError):
        await session.execute(NAMES, {"ids": []})


async def test_connections_beyond_the_pools_size_are_closed_after_their_use(dsn: dict[str, str], owner: Any) -> None:
    sizes = {
        "read_pool_size": 1,
        "pool_size": 1,
        "max_overflow": 2,
        "client_secret": "a-secret-of-some-length-0123456789",
    }
    database = Database(Settings.model_validate({**dsn, **sizes}))
    count = "SELECT count(*) FROM pg_stat_activity WHERE usename = 'posts' AND datname = current_database()"
    before = await owner.fetchval(count)
    reads = ReadSession(database.reading)
    for _ in range(3):
        await asyncio.gather(*(reads.execute(sa.text("SELECT pg_sleep(0.05)")) for _ in range(3)))

    async def is_one() -> bool:
        return bool(await owner.fetchval(count) == before + 1)

    await eventually(is_one)
    await database.disconnect()


async def test_a_migration_that_changes_a_columns_type_is_not_noticed_by_reads_and_once_by_writes(
    database: Database, owner: Any
) -> None:
    """A read is prepared again. A write may have begun: it is rolled back, and its caller gets an error to retry."""
    await owner.execute("ALTER TABLE authors ALTER name TYPE varchar(200)")
    reads = ReadSession(database.reading)
    async with database.transaction() as session:
        await session.execute(NAMES, {"ids": []})
    await reads.execute(NAMES, {"ids": []})
    await owner.execute("ALTER TABLE authors ALTER name TYPE text")
    assert (await reads.execute(NAMES, {"ids": []})).all() == []
    with pytest.raises(DBAPIError) as outdated:
        async with database.transaction() as session:
            await session.execute(NAMES, {"ids": []})
    assert database_is_away(outdated.value)
    async with database.transaction() as session:
        assert (await session.execute(NAMES, {"ids": []})).all() == []


def test_what_cannot_be_compiled_once_says_so() -> None:
    expanding = sa.select(Author.id).where(Author.id.in_(sa.bindparam("ids", expanding=True)))
    for listing in (expanding, sa.select(PostStats.post_id).where(PostStats.likes_count.in_((1, 2)))):
        with pytest.raises(TypeError, match="one parameter, an array"):
            compile_once(listing, {})
    table = sa.Table(
        "t", sa.MetaData(), sa.Column("id", sa.Integer, primary_key=True), sa.Column("n", sa.Integer, default=lambda: 7)
    )
    with pytest.raises(TypeError, match="default that Python makes"):
        compile_once(sa.insert(table), {"id": 1})
