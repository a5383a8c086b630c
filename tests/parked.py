"""Events that wait for an admin, put into a service's outbox."""

from typing import Any, Final

import asyncpg

PARK: Final = """
    INSERT INTO outbox (target, type, subject, version, data, attempts, parked_at, last_error)
    VALUES ($1, $2, $3, 3, $4, 5, clock_timestamp(), 'status 422 bad-event')
    ON CONFLICT (target, type, subject) DO UPDATE SET version = 3, parked_at = clock_timestamp(), data = excluded.data
"""
ACT: Final = {"target": "{target}", "type": "{type}", "subject": "{subject}", "version": 3, "reason": "It is mended."}
"""The body of a request that replays or drops what `park` has parked, for the matrices."""


async def park(
    connection: "asyncpg.Connection[asyncpg.Record]",
    subject: str = "author:41",
    *,
    target: str = "elsewhere",
    data: str = '{"posts_count": 1}',
) -> dict[str, Any]:
    """An event that was refused too often. Returns its name."""
    name = {"target": target, "type": subject.partition(":")[0], "subject": subject}
    await connection.execute(PARK, *name.values(), data)
    return name
