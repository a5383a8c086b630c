"""Passkeys in PostgreSQL. All times are the database's own."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from sqlalchemy import Interval, bindparam, delete, func, select, text, update
from sqlalchemy.dialects.postgresql import insert

from auth.models import Passkey as Table
from auth.models import PasskeyHandle, SpentChallenge
from auth.services.passkeys.records import Assertion, KnownCredential, NewCredential, Passkey, StoredCredential
from common.db.database import Executor
from common.db.rows import RowReader

NOW: Final = func.clock_timestamp()
SHOWN: Final = (
    Table.id,
    Table.name,
    Table.backup_eligible,
    Table.backed_up,
    Table.created_at,
    Table.last_used_at,
)
OWN: Final = (Table.id == bindparam("passkey"), Table.account_id == bindparam("account"))
CREDENTIAL: Final = Table.credential_id == bindparam("credential")
ALL: Final = select(*SHOWN).where(Table.account_id == bindparam("account")).order_by(Table.id.desc())
KNOWN: Final = (
    select(Table.credential_id, Table.transports).where(Table.account_id == bindparam("account")).order_by(Table.id)
)
# Does nothing if there is one, which the second part then finds.
_MADE = (
    insert(PasskeyHandle)
    .values(account_id=bindparam("account"), handle=bindparam("proposed"))
    .on_conflict_do_nothing(index_elements=[PasskeyHandle.account_id])
    .returning(PasskeyHandle.handle)
    .cte("made")
)
HANDLE: Final = select(_MADE.c.handle).union_all(
    select(PasskeyHandle.handle).where(PasskeyHandle.account_id == bindparam("account"))
)
ADD: Final = (
    insert(Table)
    .values(
        account_id=bindparam("account"),
        name=bindparam("called"),
        credential_id=bindparam("credential"),
        public_key=bindparam("key"),
        sign_count=bindparam("count"),
        backup_eligible=bindparam("eligible"),
        backed_up=bindparam("state"),
        transports=bindparam("ways"),
    )
    .on_conflict_do_nothing(index_elements=[Table.credential_id])
    .returning(*SHOWN)
)
RENAME: Final = update(Table).where(*OWN).values(name=bindparam("called")).returning(*SHOWN)
REMOVE: Final = delete(Table).where(*OWN).returning(*SHOWN)
OWNER: Final = select(Table.account_id).where(CREDENTIAL)
HOLD: Final = (
    select(
        Table.id,
        Table.account_id,
        PasskeyHandle.handle,
        Table.public_key,
        Table.sign_count,
        Table.backup_eligible,
    )
    .join(PasskeyHandle, PasskeyHandle.account_id == Table.account_id)
    .where(CREDENTIAL)
    .with_for_update(of=Table)
)
USE: Final = (
    update(Table)
    .where(Table.id == bindparam("passkey"))
    .values(sign_count=bindparam("count"), backed_up=bindparam("state"), last_used_at=NOW)
)
# A concurrent caller waits for the first, and then inserts nothing.
SPEND: Final = (
    insert(SpentChallenge)
    .values(challenge_hash=bindparam("hashed"), kept_until=NOW + bindparam("kept", type_=Interval))
    .on_conflict_do_nothing()
    .returning(SpentChallenge.challenge_hash)
)
FORGET: Final = text("""
    DELETE FROM spent_challenges WHERE challenge_hash = ANY (ARRAY(
        SELECT challenge_hash FROM spent_challenges WHERE kept_until < now() LIMIT :most FOR UPDATE SKIP LOCKED))
    RETURNING challenge_hash
""")
PASSKEY: Final = RowReader(Passkey)
KNOWN_CREDENTIAL: Final = RowReader(KnownCredential)
STORED_CREDENTIAL: Final = RowReader(StoredCredential)


@dataclass(frozen=True, slots=True)
class PasskeyRepository:
    """`PasskeyStore` and `PasskeyReader` in PostgreSQL."""

    session: Executor

    async def all(self, account_id: int) -> Sequence[Passkey]:
        return PASSKEY.all(await self.session.execute(ALL, {"account": account_id}))

    async def handle(self, account_id: int, proposed: bytes) -> bytes:
        found = await self.session.execute(HANDLE, {"account": account_id, "proposed": proposed})
        handle: bytes = found.scalar_one()
        return handle

    async def known(self, account_id: int) -> Sequence[KnownCredential]:
        return KNOWN_CREDENTIAL.all(await self.session.execute(KNOWN, {"account": account_id}))

    async def add(self, account_id: int, name: str, new: NewCredential) -> Passkey | None:
        values = {
            "account": account_id,
            "called": name,
            "credential": new.credential_id,
            "key": new.public_key,
            "count": new.sign_count,
            "eligible": new.backup_eligible,
            "state": new.backed_up,
            "ways": new.transports,
        }
        return PASSKEY.one(await self.session.execute(ADD, values))

    async def rename(self, account_id: int, passkey_id: int, name: str) -> Passkey | None:
        params = {"account": account_id, "passkey": passkey_id, "called": name}
        return PASSKEY.one(await self.session.execute(RENAME, params))

    async def remove(self, account_id: int, passkey_id: int) -> Passkey | None:
        return PASSKEY.one(await self.session.execute(REMOVE, {"account": account_id, "passkey": passkey_id}))

    async def owner(self, credential_id: bytes) -> int | None:
        account_id: int | None = (await self.session.execute(OWNER, {"credential": credential_id})).scalar()
        return account_id

    async def hold(self, credential_id: bytes) -> StoredCredential | None:
        return STORED_CREDENTIAL.one(await self.session.execute(HOLD, {"credential": credential_id}))

    async def use(self, passkey_id: int, made: Assertion) -> None:
        params = {"passkey": passkey_id, "count": made.sign_count, "state": made.backed_up}
        await self.session.execute(USE, params)

    async def spend(self, challenge_hash: bytes, kept: timedelta) -> bool:
        found = await self.session.execute(SPEND, {"hashed": challenge_hash, "kept": kept})
        return found.one_or_none() is not None

    async def forget_spent(self, most: int) -> int:
        return len((await self.session.execute(FORGET, {"most": most})).all())
