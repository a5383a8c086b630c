"""Tokens of mailed links in PostgreSQL, as hashes. All times are the database's own."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from sqlalchemy import ARRAY, Interval, Text, bindparam, delete, func, insert, or_, select

from auth.models import Account
from auth.models import OneTimeToken as Table
from auth.repositories.accounts import ACCOUNT, COLUMNS
from auth.services.records import MailedAccount
from common.db.database import Executor

NOW: Final = func.clock_timestamp()
PUT: Final = insert(Table).values(
    token_hash=bindparam("hashed"),
    purpose=bindparam("purpose"),
    account_id=bindparam("account"),
    email=bindparam("address"),
    expires_at=NOW + bindparam("lifetime", type_=Interval),
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
# Locks the account and not the token: two links of one account may be opened at once.
LOCK: Final = select(Account.id).where(*GOOD).with_for_update(key_share=True, of=Account)
DROP: Final = delete(Table).where(
    Table.account_id == bindparam("account"),
    Table.purpose == func.any(bindparam("purposes", type_=ARRAY(Text))),
    Table.email.is_distinct_from(bindparam("kept", type_=Text)),
)
# Each token costs a mail, so there are few, and this needs no batches.
EXPIRED: Final = select(Table.token_hash).where(Table.expires_at < func.now()).with_for_update(skip_locked=True)
FORGET: Final = delete(Table).where(Table.token_hash.in_(EXPIRED))


@dataclass(frozen=True, slots=True)
class OneTimeTokenRepository:
    """`OneTimeTokenStore` in PostgreSQL."""

    session: Executor

    async def put(self, token_hash: bytes, purpose: str, account_id: int, email: str, lifetime: timedelta) -> None:
        about = {"hashed": token_hash, "purpose": purpose, "account": account_id, "address": email}
        await self.session.execute(PUT, {**about, "lifetime": lifetime})

    async def find(self, token_hash: bytes, purpose: str) -> MailedAccount | None:
        row = (await self.session.execute(FIND, {"hashed": token_hash, "purpose": purpose})).one_or_none()
        return MailedAccount(ACCOUNT.read(row), row.mailed_to) if row else None

    async def hold(self, token_hash: bytes, purpose: str) -> MailedAccount | None:
        await self.session.execute(LOCK, {"hashed": token_hash, "purpose": purpose})
        return await self.find(token_hash, purpose)  # read again: the previous holder may have changed everything

    async def drop(self, account_id: int, purposes: Sequence[str], *, but_to: str | None = None) -> None:
        await self.session.execute(DROP, {"account": account_id, "purposes": list(purposes), "kept": but_to})

    async def forget_expired(self) -> None:
        await self.session.execute(FORGET)
