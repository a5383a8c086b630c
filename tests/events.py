"""A look into a service's outbox."""

import json
from dataclasses import dataclass
from typing import Any

import asyncpg


@dataclass(frozen=True)
class Outbox:
    """The outbox of the database behind `dsn`."""

    dsn: str

    async def waiting(self, subject: str) -> list[tuple[str, int, Any]]:
        """Target, version and data of what waits for a subject, by target."""
        rows = await self.rows("SELECT target, version, data FROM outbox WHERE subject = $1 ORDER BY target", subject)
        return [(row["target"], row["version"], json.loads(row["data"])) for row in rows]

    async def naming(self, account_id: int) -> set[str]:
        """The tables in which a row has this number somewhere."""
        tables = await self.rows("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        found = set()
        for (table,) in tables:
            if await self.rows(f'SELECT FROM "{table}" one WHERE one::text ~ $1', rf"(^|\D){account_id}(\D|$)"):
                found.add(table)
        return found

    async def rows(self, statement: str, *values: object) -> list[asyncpg.Record]:
        connection = await asyncpg.connect(self.dsn)
        try:
            return await connection.fetch(statement, *values)
        finally:
            await connection.close()
