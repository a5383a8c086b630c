"""Whether the database has this release's schema. Without Alembic, which a serving process need not load (8 MiB)."""

import asyncio
import math
import time
from pathlib import Path
from typing import Final

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from common.db.database import Database
from common.db.reading import ReadSession
from common.health import Check

ANSWER: Final = 0.9
"""Seconds; `common.health` waits little longer."""
VERSION: Final = text("SELECT version_num FROM alembic_version")


def revisions(folder: Path) -> list[str]:
    """All revisions, the newest last: each file's name begins with its own. A test compares them with Alembic's."""
    return sorted(path.name.partition("_")[0] for path in (folder / "versions").glob("[0-9]*_*.py"))


def database_is_ready(database: Database, folder: Path) -> Check:
    """Ready unless the database is older than the code. A newer schema, by a later release, is accepted.

    A database that does not answer counts only after `POOL_TIMEOUT`, for which requests wait as well.
    """
    known = revisions(folder)
    if not known:
        raise FileNotFoundError(f"no migrations in {folder}")
    older = known[:-1]
    reads = ReadSession(database.upkeep)
    answered_at = -math.inf

    async def database_answers() -> str | None:
        nonlocal answered_at
        try:
            async with asyncio.timeout(ANSWER):
                found = (await reads.execute(VERSION)).scalar()
        except (SQLAlchemyError, OSError) as error:
            state = getattr(getattr(error, "orig", None), "sqlstate", None)
            if state == "42P01":
                return "database: not migrated"
            return None if time.monotonic() - answered_at < database.patience else "database: no answer"
        answered_at = time.monotonic()
        return "database: older than this release; run migrate" if found is None or found in older else None

    return database_answers
