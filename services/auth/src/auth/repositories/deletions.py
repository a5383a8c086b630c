"""Deletions of accounts in PostgreSQL."""

from collections.abc import Sequence, Set
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from sqlalchemy import ARRAY, BigInteger, bindparam, func, select, text, update

from auth.models import Account as Table
from auth.repositories.accounts import ACCOUNT, COLUMNS
from auth.services.mail.sending import Kind
from auth.services.records import Account, PendingDeletion
from common.db.database import Executor

UNASKED: Final = text("SELECT id FROM accounts WHERE id = ANY (:accounts) AND status IN ('active', 'disabled')")
# Earlier reports of other services do not count.
BEGIN: Final = text("""
    INSERT INTO deletions (account_id) VALUES (:account)
    ON CONFLICT (account_id) DO UPDATE SET asked_at = clock_timestamp(), told_at = clock_timestamp(), erased = '{}'
""")
DROP_MAILS: Final = text("""
    DELETE FROM outbox WHERE target IN ('smtp', 'auth')
        AND (CAST(data ->> 'account' AS bigint) = :account OR :address IN (data ->> 'to', data ->> 'email'))
""")
FORGET_LAST_MAILS: Final = text("""
    DELETE FROM outbox
    WHERE target = 'smtp' AND data ->> 'kind' = :kind AND occurred_at < clock_timestamp() - CAST(:kept AS interval)
""")
NOTE: Final = text("""
    INSERT INTO deletions (account_id, asked_at, erased)
    VALUES (:account, NULL, jsonb_build_object(CAST(:service AS text), clock_timestamp()))
    ON CONFLICT (account_id) DO UPDATE SET erased = excluded.erased || deletions.erased RETURNING asked_at, erased
""")
WAITING: Final = text("""
    UPDATE deletions SET told_at = clock_timestamp() WHERE account_id = ANY (ARRAY(
        SELECT account_id FROM deletions
        WHERE asked_at IS NOT NULL AND told_at < clock_timestamp() - CAST(:since AS interval)
        ORDER BY told_at LIMIT :most FOR UPDATE SKIP LOCKED))
    RETURNING account_id
""")
NOTED: Final = text("SELECT account_id FROM deletions WHERE asked_at IS NULL ORDER BY account_id")
THESE: Final = (
    select(*COLUMNS).where(Table.id == func.any(bindparam("ids", type_=ARRAY(BigInteger)))).order_by(Table.id)
)
# The stored answer to the sign-up holds the address, and belongs to an anonymous caller.
SCRUB: Final = (
    text("DELETE FROM sessions WHERE account_id = :account"),
    text("DELETE FROM one_time_tokens WHERE account_id = :account"),
    text("DELETE FROM second_factors WHERE account_id = :account"),
    text("DELETE FROM recovery_codes WHERE account_id = :account"),
    text("DELETE FROM sign_in_challenges WHERE account_id = :account"),
    text("DELETE FROM trusted_devices WHERE account_id = :account"),
    text("DELETE FROM api_keys WHERE account_id = :account"),
    text("DELETE FROM passkeys WHERE account_id = :account"),
    text("DELETE FROM passkey_handles WHERE account_id = :account"),
    text("DELETE FROM provider_flows WHERE account_id = :account"),
    text("DELETE FROM identities WHERE account_id = :account"),
    text("DELETE FROM deletions WHERE account_id = :account"),
    text("DELETE FROM idempotency_keys WHERE subject = CAST(CAST(:account AS bigint) AS text)"),
    text("""
        DELETE FROM idempotency_keys
        WHERE subject = 'anonymous' AND headers ->> 'Location' = '/users/' || CAST(CAST(:account AS bigint) AS text)
    """),
)
EMPTY: Final = (
    update(Table)
    .where(Table.id == bindparam("account"))
    .values(
        email=None,
        name="",
        username=None,
        locale=None,
        password_hash="",
        roles=[],
        status="deleted",
        email_verified_at=None,
        second_factor=False,
        version=Table.version + 1,
    )
    .returning(*COLUMNS)
)
BACKLOG: Final = text("""
    SELECT count(*) AS pending, coalesce(extract(epoch FROM clock_timestamp() - min(asked_at)), 0)::float AS oldest
    FROM deletions WHERE asked_at IS NOT NULL
""")


@dataclass(frozen=True, slots=True)
class DeletionRepository:
    """`DeletionStore` in PostgreSQL. Its callers have locked the account."""

    session: Executor

    async def unasked(self, accounts: Sequence[int]) -> Set[int]:
        return set((await self.session.execute(UNASKED, {"accounts": list(accounts)})).scalars())

    async def begin(self, account_id: int, email: str) -> None:
        await self.session.execute(BEGIN, {"account": account_id})
        await self.session.execute(DROP_MAILS, {"account": account_id, "address": email})

    async def forget_last_mails(self, kept: timedelta) -> None:
        await self.session.execute(FORGET_LAST_MAILS, {"kind": Kind.account_deleted, "kept": kept})

    async def note(self, account_id: int, service: str) -> PendingDeletion:
        row = (await self.session.execute(NOTE, {"account": account_id, "service": service})).one()
        return PendingDeletion(row.asked_at, row.erased)

    async def noted(self) -> Sequence[int]:
        return (await self.session.execute(NOTED)).scalars().all()

    async def waiting(self, since: timedelta, most: int) -> Sequence[Account]:
        ids = (await self.session.execute(WAITING, {"since": since, "most": most})).scalars().all()
        return ACCOUNT.all(await self.session.execute(THESE, {"ids": ids}))

    async def finish(self, account_id: int) -> Account:
        for statement in SCRUB:
            await self.session.execute(statement, {"account": account_id})
        return ACCOUNT.read((await self.session.execute(EMPTY, {"account": account_id})).one())
