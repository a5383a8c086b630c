"""Requests for codes by mail in PostgreSQL. All times are the database's own."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from sqlalchemy import text

from auth.services.mail_codes.ports import AskedCode
from common.db.database import Executor
from common.db.rows import RowReader

PUT: Final = text("""
    INSERT INTO sign_in_codes (challenge_hash, email, secret, expires_at)
    VALUES (:challenge, :address, :secret, clock_timestamp() + CAST(:lifetime AS interval))
""")
WAITS: Final = text("""
    SELECT EXISTS (SELECT FROM sign_in_codes
                   WHERE email = :address AND secret = :secret AND expires_at > clock_timestamp())
""")
# The row lock makes it exact: a second caller sees the count of the first.
COUNT: Final = text("""
    UPDATE sign_in_codes SET tries = tries + 1
    WHERE challenge_hash = :challenge AND tries < :most AND expires_at > clock_timestamp()
    RETURNING email, secret, mailed
""")
TAKE: Final = text("""
    DELETE FROM sign_in_codes WHERE challenge_hash = :challenge AND expires_at > clock_timestamp() RETURNING 1
""")
MAILED: Final = text("UPDATE sign_in_codes SET mailed = true WHERE email = :address AND secret = :secret")
DROP: Final = text("DELETE FROM sign_in_codes WHERE email = (SELECT email FROM accounts WHERE id = :account)")
# Source limits keep them few, so this needs no batches.
FORGET: Final = text("""
    DELETE FROM sign_in_codes WHERE challenge_hash IN
        (SELECT challenge_hash FROM sign_in_codes WHERE expires_at < now() FOR UPDATE SKIP LOCKED)
""")
ASKED: Final = RowReader(AskedCode)


@dataclass(frozen=True, slots=True)
class SignInCodeRepository:
    """`SignInCodeStore` in PostgreSQL."""

    session: Executor

    async def put(self, challenge_hash: bytes, email: str, secret: str, lifetime: timedelta) -> None:
        params = {"challenge": challenge_hash, "address": email, "secret": secret, "lifetime": lifetime}
        await self.session.execute(PUT, params)

    async def waits(self, secret: str, email: str) -> bool:
        return bool((await self.session.execute(WAITS, {"address": email, "secret": secret})).scalar_one())

    async def count(self, challenge_hash: bytes, most: int) -> AskedCode | None:
        return ASKED.one(await self.session.execute(COUNT, {"challenge": challenge_hash, "most": most}))

    async def take(self, challenge_hash: bytes) -> bool:
        return (await self.session.execute(TAKE, {"challenge": challenge_hash})).one_or_none() is not None

    async def mark_mailed(self, secret: str, email: str) -> None:
        await self.session.execute(MAILED, {"address": email, "secret": secret})

    async def drop(self, account_id: int) -> None:
        await self.session.execute(DROP, {"account": account_id})

    async def forget_expired(self) -> None:
        await self.session.execute(FORGET)
