"""The schema that migrations make equals the models'."""

from importlib import import_module

import pytest
from sqlalchemy import MetaData, pool
from sqlalchemy.ext.asyncio import create_async_engine

from common.settings import MigrationSettings, async_url
from tests.common.migrations.conftest import connect
from tests.database import Template

CATALOG = {
    "columns": """
        SELECT relname || '.' || attname, concat_ws(' ',
            format_type(atttypid, atttypmod),
            CASE WHEN attnotnull THEN 'NOT NULL' END,
            CASE attgenerated WHEN 's' THEN 'GENERATED' ELSE 'DEFAULT' END || ' ' || pg_get_expr(adbin, adrelid),
            CASE attidentity WHEN 'a' THEN 'IDENTITY ALWAYS' WHEN 'd' THEN 'IDENTITY BY DEFAULT' END)
        FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid
        LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
        WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND attnum > 0 AND NOT attisdropped
    """,
    "constraints": """
        SELECT conrelid::regclass || '.' || conname, pg_get_constraintdef(pg_constraint.oid)
        FROM pg_constraint JOIN pg_class ON pg_class.oid = conrelid
        WHERE relnamespace = 'public'::regnamespace AND contype <> 'n'
    """,  # NOT NULL has its own rows since PostgreSQL 18; the columns have it in all versions
    "indexes": "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'",
}


async def catalog(settings: MigrationSettings) -> dict[str, str]:
    """PostgreSQL's definitions of columns, constraints and indexes by name, without Alembic's own table."""
    connection = await connect(settings)
    try:
        found = {f"{kind} {row[0]}": row[1] for kind in CATALOG for row in await connection.fetch(CATALOG[kind])}
    finally:
        await connection.close()
    return {name: told for name, told in found.items() if "alembic_version" not in name}


async def create_all(settings: MigrationSettings, metadata: MetaData, functions: list[str]) -> None:
    engine = create_async_engine(
        async_url(settings.owner_database_url, settings.owner_database_password), poolclass=pool.NullPool
    )
    async with engine.begin() as connection:
        for function in functions:
            await connection.exec_driver_sql(function)
        await connection.run_sync(metadata.create_all)
    await engine.dispose()


async def prepared(settings: MigrationSettings) -> list[str]:
    """Statements for extensions and functions, which models use and migrations create."""
    connection = await connect(settings)
    try:
        extensions = await connection.fetch(
            "SELECT 'CREATE EXTENSION ' || extname FROM pg_extension WHERE extname <> 'plpgsql'"
        )
        functions = await connection.fetch(
            "SELECT pg_get_functiondef(oid) FROM pg_proc WHERE pronamespace = 'public'::regnamespace"
            " AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = pg_proc.oid AND deptype = 'e') ORDER BY oid"
        )
    finally:
        await connection.close()
    return [row[0] for row in (*extensions, *functions)]


async def test_the_models_describe_the_migrated_schema(
    template: Template, database: MigrationSettings, empty: MigrationSettings
) -> None:
    """Also checks, index predicates and defaults, which Alembic's own comparison ignores."""
    import_module(f"{template.service}.models")
    metadata = import_module(f"{template.service}.database").Base.metadata
    await create_all(empty, metadata, await prepared(database))
    migrated, described = await catalog(database), await catalog(empty)
    assert {name: told for name, told in migrated.items() if described.get(name) != told} == {}
    assert described.keys() == migrated.keys()


@pytest.mark.parametrize(
    ("template", "drift"),
    [
        ("users", "ALTER TABLE profiles DROP CONSTRAINT {check}"),
        ("users", "ALTER TABLE profiles ALTER version DROP DEFAULT"),
        ("users", "DROP INDEX {partial}"),
    ],
    indirect=["template"],
)
async def test_a_drift_of_the_schema_is_seen(template: Template, database: MigrationSettings, drift: str) -> None:
    before = await catalog(database)
    named = {
        "check": next(
            name for name, told in before.items() if "constraints profiles." in name and "CHECK" in told
        ).rpartition(".")[2],
        "partial": next(
            name for name, told in before.items() if "ON public.profiles" in told and "WHERE" in told
        ).partition(" ")[2],
    }
    connection = await connect(database)
    try:
        await connection.execute(drift.format(**named))
    finally:
        await connection.close()
    assert await catalog(database) != before
