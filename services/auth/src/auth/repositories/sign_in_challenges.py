"""Sign-ins that wait for their second factor, in PostgreSQL. All times are the database's own."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from sqlalchemy import text

from auth.services.records import Credentials
from auth.services.second_factor.records import Challenge
from common.db.database import Executor
from common.db.rows import RowReader

# Locks the account: whoever drops all its challenges has it locked, too, or drops this one afterwards.
PUT: Final = text("""
    INSERT INTO sign_in_challenges (token_hash, account_id, password_digest, methods, via, expires_at)
    SELECT :hashed, who.id, :digest, CAST(:methods AS text[]), CAST(:via AS text),
           clock_timestamp() + CAST(:lifetime AS interval)
    FROM (
        SELECT id FROM accounts
        WHERE id = :account AND password_hash = :password_hash AND status = 'active' AND second_factor FOR SHARE
    ) AS who
    RETURNING true
""")
OWNER: Final = text("""
    SELECT account_id FROM sign_in_challenges WHERE token_hash = :hashed AND expires_at > clock_timestamp()
""")
TAKE_TRY: Final = text("""
    UPDATE sign_in_challenges SET tries = tries + 1
    WHERE token_hash = :hashed AND tries < :most AND expires_at > clock_timestamp()
    RETURNING account_id, password_digest, methods, via
""")
DROP: Final = text("DELETE FROM sign_in_challenges WHERE token_hash = :hashed")
DROP_ALL: Final = text("DELETE FROM sign_in_challenges WHERE account_id = :account")
FORGET: Final = text("""
    DELETE FROM sign_in_challenges WHERE token_hash IN (
        SELECT token_hash FROM sign_in_challenges WHERE expires_at < clock_timestamp() FOR UPDATE SKIP LOCKED)
""")
CHALLENGE: Final = RowReader(Challenge)


@dataclass(frozen=True, slots=True)
class ChallengeRepository:
    """`ChallengeStore` in PostgreSQL."""

    session: Executor

    async def put(
        self,
        token_hash: bytes,
        known: Credentials,
        digest: bytes,
        methods: Sequence[str],
        via: str,
        lifetime: timedelta,
    ) -> bool:
        values = {"hashed": token_hash, "account": known.account.id, "password_hash": known.password_hash}
        about = {"digest": digest, "methods": list(methods), "via": via, "lifetime": lifetime}
        return bool((await self.session.execute(PUT, {**values, **about})).scalar())

    async def owner(self, token_hash: bytes) -> int | None:
        owner: int | None = (await self.session.execute(OWNER, {"hashed": token_hash})).scalar()
        return owner

    async def take_try(self, token_hash: bytes, most: int) -> Challenge | None:
        return CHALLENGE.one(await self.session.execute(TAKE_TRY, {"hashed": token_hash, "most": most}))

    async def drop(self, token_hash: bytes) -> None:
        await self.session.execute(DROP, {"hashed": token_hash})

    async def drop_all(self, account_id: int) -> None:
        await self.session.execute(DROP_ALL, {"account": account_id})

    async def forget_expired(self) -> None:
        await self.session.execute(FORGET)
