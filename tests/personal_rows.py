"""The rows about an account: before its deletion, after it, and in its export."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import asyncpg

from tests.personal_data import personal


async def held(dsn: str, service: str, account_id: int) -> dict[str, list[asyncpg.Record]]:
    """The rows about an account, by table. Fails if a table has none, since tests would then prove nothing."""
    connection = await asyncpg.connect(dsn)
    try:
        found = {
            name: await connection.fetch(f'SELECT ctid, * FROM "{name}" WHERE {table.rows}', account_id)  # noqa: S608  # ours
            for name, table in personal(service).items()
        }
    finally:
        await connection.close()
    assert [name for name, rows in found.items() if not rows] == [], "the test's account has no row in these tables"
    return found


async def left(dsn: str, service: str, before: Mapping[str, list[asyncpg.Record]]) -> set[str]:
    """The tables that still have one of these rows, changed or not."""
    connection = await asyncpg.connect(dsn)
    try:
        keys = {name: [row["attname"] for row in await connection.fetch(KEY, name)] for name in before}
        return {name for name, rows in before.items() if await still_there(connection, name, keys[name], rows)}
    finally:
        await connection.close()


KEY: Final = """
    SELECT attname FROM pg_index JOIN pg_attribute ON attrelid = indrelid AND attnum = ANY (indkey)
    WHERE indisprimary AND indrelid = $1::regclass
"""


async def still_there(connection: Any, table: str, key: list[str], rows: list[asyncpg.Record]) -> bool:
    same = " AND ".join(f'"{column}" = ${number}' for number, column in enumerate(key, 1))
    statement = f'SELECT count(*) FROM "{table}" WHERE {same}'  # noqa: S608  # names of the catalog
    return any([await connection.fetchval(statement, *(row[column] for column in key)) for row in rows])


def missing_from_export(
    service: str, rows: Mapping[str, list[asyncpg.Record]], sections: Mapping[str, list[Mapping[str, Any]]]
) -> list[str]:
    """`table.column` of each exported column whose value is in none of its fields."""
    return [
        f"{name}.{column}"
        for name, table in personal(service).items()
        for column, fields in table.exported.items()
        for row in rows[name]
        if row[column] is not None and not any(shows(sections, place, row[column]) for place in fields.split())
    ]


def shows(sections: Mapping[str, list[Mapping[str, Any]]], place: str, value: object) -> bool:
    section, _, name = place.partition(".")
    return any(same(item[name], value) for item in sections[section])


def same(shown: object, stored: object) -> bool:
    if isinstance(stored, datetime):
        return isinstance(shown, str) and datetime.fromisoformat(shown) == stored
    if isinstance(shown, dict):  # asyncpg reads jsonb as its text
        return isinstance(stored, str) and json.loads(stored) == shown
    return shown == (str(stored) if isinstance(stored, UUID) else stored)
