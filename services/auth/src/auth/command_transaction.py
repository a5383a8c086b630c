"""Database access of auth's commands: one transaction each, and messages instead of tracebacks."""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from typing import TypeVar

from sqlalchemy.exc import SQLAlchemyError

from auth.config import Settings
from auth.deps import lifetimes
from auth.repositories.unit_of_work import unit_of_work
from auth.services.ports import UnitOfWork
from common.db.database import Database
from common.errors import DomainError
from common.logs import configure_logging
from common.settings import load

T = TypeVar("T")


def in_one_transaction(act: Callable[[UnitOfWork, Settings], Awaitable[T]]) -> T:
    """Return the result of `act` once it is committed. A refusal ends the process with its message."""
    settings = load(Settings)
    configure_logging("auth", "warning", settings.log_format)

    async def run() -> T:
        database = Database(settings)
        try:
            async with database.transaction() as session:
                return await act(unit_of_work(session, lifetimes(settings)), settings)
        finally:
            await database.disconnect()

    try:
        return asyncio.run(run())
    except (DomainError, SQLAlchemyError, OSError) as error:
        sys.exit(str(error))
