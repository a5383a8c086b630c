"""Tokens of mailed links in PostgreSQL, as hashes. Every time is the database's own."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

import structlog
from sqlalchemy import ARRAY, Interval, Text, bindparam, delete, func, or_, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import SQLAlchemyError

from auth.models import Account
from auth.models import OneTimeToken as Table
from auth.repositories.accounts import COLUMNS, read_account
from auth.repositories.addresses import WINDOW
from auth.services.records import MailedAccount
from common.database import Database, Runs

log = structlog.get_logger()

NOW: Final = func.clock_timestamp()
_PUT = insert(Table).values(
    token_hash=bindparam("hashed"),
    purpose=bindparam("purpose"),
    account_id=bindparam("account"),
    email=bindparam("address"),
    expires_at=NOW + bindparam("lifetime", type_=Interval),
)
PUT: Final = _PUT.on_conflict_do_update(
    index_elements=[Table.account_id, Table.purpose],
    set_={name: _PUT.excluded[name] for name in ("token_hash", "email", "expires_at")} | {"created_at": NOW},
)
GOOD: Final = (
    Table.token_hash == bindparam("hashed"),
    Table.purpose == bindparam("purpose"),
    Table.expires_at > NOW,
    Account.id == Table.account_id,
    Account.status == "active",
    or_(Table.purpose == "email-change", Table.email == Account.email),
)
FIND: Final = select(*COLUMNS, Table.email.label("mailed_to")).where(*GOOD)
USE: Final = delete(Table).where(*GOOD).returning(*COLUMNS, Table.email.label("mailed_to"))
DROP: Final = delete(Table).where(
    Table.account_id == bindparam("account"), Table.purpose == func.any(bindparam("purposes", type_=ARRAY(Text)))
)
# Each link costs a mail, of which there are few: so these need no batches.
FORGET_TOKENS: Final = text("DELETE FROM one_time_tokens WHERE expires_at < clock_timestamp()")
FORGET_COUNTS: Final = text("""
    DELETE FROM mail_counts WHERE last_at < clock_timestamp() - CAST(:window AS interval)
""")
CLEANED_EVERY: Final = 600.0


async def forget_expired_links(database: Database) -> None:
    """Remove what no longer matters, for as long as the service runs."""
    while True:
        await asyncio.sleep(CLEANED_EVERY)
        try:
            async with database.transaction() as session:
                await forget_expired(session)
        except (SQLAlchemyError, OSError) as error:
            log.warning("expired links stay for now", error_type=type(error).__name__)


async def forget_expired(session: Runs) -> None:
    await session.execute(FORGET_TOKENS)
    await session.execute(FORGET_COUNTS, {"window": WINDOW})


@dataclass(frozen=True, slots=True)
class OneTimeTokenRepository:
    """`OneTimeTokenStore` in PostgreSQL."""

    session: Runs

    async def put(self, token_hash: bytes, purpose: str, account_id: int, email: str, lifetime: timedelta) -> None:
        about = {"hashed": token_hash, "purpose": purpose, "account": account_id, "address": email}
        await self.session.execute(PUT, {**about, "lifetime": lifetime})

    async def find(self, token_hash: bytes, purpose: str) -> MailedAccount | None:
        return await self._one(FIND, token_hash, purpose)

    async def use(self, token_hash: bytes, purpose: str) -> MailedAccount | None:
        return await self._one(USE, token_hash, purpose)

    async def _one(self, statement: Any, token_hash: bytes, purpose: str) -> MailedAccount | None:
        row = (await self.session.execute(statement, {"hashed": token_hash, "purpose": purpose})).one_or_none()
        return MailedAccount(read_account(row), row.mailed_to) if row else None

    async def drop(self, account_id: int, purposes: Sequence[str]) -> None:
        await self.session.execute(DROP, {"account": account_id, "purposes": list(purposes)})
