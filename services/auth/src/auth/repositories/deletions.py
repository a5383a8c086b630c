"""Deletions of accounts in PostgreSQL."""

from dataclasses import dataclass
from typing import Final

from sqlalchemy import bindparam, text, update

from auth.models import Account as Table
from auth.repositories.accounts import COLUMNS, read_account
from auth.services.records import Account, PendingDeletion
from common.database import Runs

BEGIN: Final = text("INSERT INTO deletions (account_id) VALUES (:account)")
DROP_MAILS: Final = text("""
    DELETE FROM outbox WHERE target IN ('smtp', 'auth') AND :address IN (data ->> 'to', data ->> 'email')
""")
NOTE: Final = text("""
    UPDATE deletions SET erased = jsonb_build_object(CAST(:service AS text), clock_timestamp()) || erased
    WHERE account_id = :account RETURNING asked_at, erased
""")
# The answer to the sign-up, which has the address, was kept for somebody whom nobody knew yet.
SCRUB: Final = (
    text("DELETE FROM sessions WHERE account_id = :account"),
    text("DELETE FROM one_time_tokens WHERE account_id = :account"),
    text("DELETE FROM deletions WHERE account_id = :account"),
    text("""
        DELETE FROM idempotency_keys WHERE subject = CAST(CAST(:account AS bigint) AS text)
            OR (subject = 'anonymous' AND headers ->> 'Location' = '/users/' || CAST(CAST(:account AS bigint) AS text))
    """),
)
EMPTY: Final = (
    update(Table)
    .where(Table.id == bindparam("account"))
    .values(
        email=None,
        name="",
        password_hash="",
        roles=[],
        status="deleted",
        email_verified_at=None,
        version=Table.version + 1,
    )
    .returning(*COLUMNS)
)
BACKLOG: Final = text("""
    SELECT count(*), coalesce(extract(epoch FROM clock_timestamp() - min(asked_at)), 0)::float FROM deletions
""")


@dataclass(frozen=True, slots=True)
class DeletionRepository:
    """`DeletionStore` in PostgreSQL. Its callers have locked the account."""

    session: Runs

    async def begin(self, account_id: int, email: str) -> None:
        await self.session.execute(BEGIN, {"account": account_id})
        await self.session.execute(DROP_MAILS, {"address": email})

    async def note(self, account_id: int, service: str) -> PendingDeletion:
        row = (await self.session.execute(NOTE, {"account": account_id, "service": service})).one()
        return PendingDeletion(row.asked_at, row.erased)

    async def finish(self, account_id: int) -> Account:
        for statement in SCRUB:
            await self.session.execute(statement, {"account": account_id})
        return read_account((await self.session.execute(EMPTY, {"account": account_id})).one())
