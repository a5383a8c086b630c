"""Removes what nobody uses any more, in small transactions beside the requests."""

import asyncio
from datetime import timedelta
from typing import Final

import structlog
from sqlalchemy.exc import SQLAlchemyError

from common.db.database import Database
from posts.repositories.tags import forget_unused

log = structlog.get_logger()

EVERY: Final = timedelta(minutes=5)
BATCH: Final = 500


async def run_retention(database: Database) -> None:
    """Runs as long as the service."""
    while True:
        await asyncio.sleep(EVERY.total_seconds())
        try:
            await apply_retention(database)
        except (SQLAlchemyError, OSError) as error:
            log.warning("unused tags stay for now", error_type=type(error).__name__)


async def apply_retention(database: Database) -> None:
    """Any number of processes may do so at once."""
    while True:
        async with database.transaction() as session:
            if await forget_unused(session, BATCH) < BATCH:
                return
