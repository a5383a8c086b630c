"""Reads a service's outbox."""

import json
from dataclasses import dataclass
from typing import Any

import asyncpg


@dataclass(frozen=True)
class Outbox:
    """The outbox of the database behind `dsn`."""

    dsn: str

    async def waiting(self, subject: str) -> list[tuple[str, int, Any]]:
        """Target, version and data of a subject's waiting events, by target."""
        rows = await self.rows("SELECT target, version, data FROM outbox WHERE subject = $1 ORDER BY target", subject)
        return [(row["target"], row["version"], json.loads(row["data"])) for row in rows]

    async def naming(self, account_id: int) -> set[str]:
        """The tables with this number in a row."""
        connection = await asyncpg.connect(self.dsn)
        try:
            return await naming(connection, rf"(^|\D){account_id}(\D|$)")
        finally:
            await connection.close()

    async def rows(self, statement: str, *values: object) -> list[asyncpg.Record]:
        connection = await asyncpg.connect(self.dsn)
        try:
            return await connection.fetch(statement, *values)
        finally:
            await connection.close()


async def naming(connection: asyncpg.Connection, pattern: str) -> set[str]:
    """The tables with a row that matches a pattern."""
    tables = await connection.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    looks = [f"SELECT '{name}' FROM \"{name}\" one WHERE one::text ~ $1" for (name,) in tables]  # noqa: S608  # names of tables
    return {name for (name,) in await connection.fetch(" UNION ".join(looks), pattern)}
