"""`Idempotency-Key`: a POST that creates may be repeated, and has one effect and one answer for 24 hours.

Every route that answers a POST with 201 takes the header (see `common.http.routing`). It only has to do its work in
`DbSession`. The request's transaction claims the key first, and stores the serialised answer last. So the effect and
the answer are committed together, and refusals are not stored. Work before the first statement (hashing, calling a
peer) still holds no connection.

- Key: subject of the token ("anonymous" without), method, path, and the header.
- Claim: `pg_try_advisory_xact_lock`, else 409; a stored answer for another body is 422.
- Fingerprint: the secret's id, then an HMAC of the body under a secret of the service. So a stolen table reveals
  nothing about a password. After a change of the database's password, older fingerprints cannot be compared. Then a
  caller with a token gets the stored answer, which is their own; a caller without one gets 422.
"""

import asyncio
import hashlib
import hmac
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import structlog
from fastapi import Request, Response
from sqlalchemy import Connection, DateTime, Index, LargeBinary, SmallInteger, Text, bindparam, event, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, declared_attr, mapped_column

from common.db.database import AT_BEGIN, Database, Executor
from common.db.transactions import run_within
from common.errors import Conflict, InvalidInput
from common.http.deps import Handler, authenticate
from common.settings import ServiceSettings
from common.spans import record_work

log = structlog.get_logger()

KEPT: Final = timedelta(hours=24)
CLEANED_EVERY: Final = timedelta(minutes=10)
BATCH: Final = 1000
HEADER: Final = "Idempotency-Key"
SHAPE: Final = re.compile(r"[!-~]{1,255}")
REPLAYED: Final = ("Location", "ETag", "Vary")
ANONYMOUS: Final = "anonymous"
DIGEST: Final = 32
"""Bytes of a fingerprint without the id of its secret. Old rows have no id."""
ID: Final = 8
PARAMETER: Final[dict[str, Any]] = {
    "name": HEADER,
    "in": "header",
    "required": False,
    "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"},
    "description": "Chosen by the caller. With the same key and body the request has one effect and one answer.",
}
LOCK: Final = text("SELECT pg_try_advisory_xact_lock(:lock)")
# A statement of its own after the lock, so that its snapshot sees the previous holder's commit.
FIND: Final = text(
    "SELECT fingerprint, status, headers, body FROM idempotency_keys WHERE subject = :subject AND method = :method"
    " AND path = :path AND key = :key AND created_at > clock_timestamp() - CAST(:kept AS interval)"
)
STORE: Final = text(
    "INSERT INTO idempotency_keys (subject, method, path, key, fingerprint, status, headers, body)"
    " VALUES (:subject, :method, :path, :key, :fingerprint, :status, :headers, :body)"
    " ON CONFLICT (subject, method, path, key) DO UPDATE SET fingerprint = excluded.fingerprint,"
    " status = excluded.status, headers = excluded.headers, body = excluded.body, created_at = excluded.created_at"
).bindparams(bindparam("headers", type_=JSONB))
FORGET: Final = text(
    "WITH gone AS (DELETE FROM idempotency_keys WHERE ctid = ANY (ARRAY(SELECT ctid FROM idempotency_keys"
    " WHERE created_at <= clock_timestamp() - CAST(:kept AS interval)"
    " ORDER BY created_at LIMIT :batch FOR UPDATE SKIP LOCKED)) RETURNING 1)"
    " SELECT count(*) FROM gone"
)

ERASE: Final = text(
    "DELETE FROM idempotency_keys WHERE subject = CAST(CAST(:account AS bigint) AS text) RETURNING method"
)


class IdempotencyKeyRow:
    """Columns of each service's `idempotency_keys` table."""

    __tablename__ = "idempotency_keys"

    @declared_attr.directive
    @classmethod
    def __table_args__(cls) -> tuple[Index, ...]:
        return (Index("ix_idempotency_keys_created_at", "created_at"),)

    subject: Mapped[str] = mapped_column(Text, primary_key=True)
    method: Mapped[str] = mapped_column(Text, primary_key=True)
    path: Mapped[str] = mapped_column(Text, primary_key=True)
    key: Mapped[str] = mapped_column(Text, primary_key=True)
    fingerprint: Mapped[bytes] = mapped_column(LargeBinary)
    status: Mapped[int] = mapped_column(SmallInteger)
    headers: Mapped[dict[str, str]] = mapped_column(JSONB)
    body: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=text("clock_timestamp()"))


class BadIdempotencyKey(InvalidInput):
    """The key is not 1 to 255 visible ASCII characters."""

    code = "bad-idempotency-key"


class IdempotencyKeyReused(InvalidInput):
    """The key was used with another body."""

    code = "idempotency-key-reused"


class RequestInProgress(Conflict):
    """The first request with this key is still running."""

    code = "request-in-progress"


class AlreadyAnswered(Exception):
    """Ends a repeated request early; `with_idempotency` returns the stored answer instead."""

    def __init__(self, answer: Response) -> None:
        self.answer = answer


def fingerprint_key(settings: ServiceSettings) -> bytes:
    """A secret for fingerprints only. It derives from the database's password, which the database does not hold."""
    return hmac.digest(settings.database_password.get_secret_value().encode(), b"idempotency fingerprints", "sha256")


def fingerprint_of(body: bytes, secret: bytes) -> bytes:
    """The secret's id, and the HMAC of the body under it."""
    return hashlib.blake2b(secret, digest_size=ID).digest() + hmac.digest(secret, body, "sha256")


@dataclass(slots=True)
class Claim:
    """A request's key. `common.db.database.get_db` makes its claim the first statement of the transaction."""

    names: Mapping[str, str]
    fingerprint: bytes
    session: AsyncSession | None = None

    def guard(self, session: AsyncSession) -> None:
        self.session = session
        event.listen(session.sync_session, "after_begin", self.claim)

    def claim(self, _session: object, _transaction: object, connection: Connection) -> None:
        """Take the key for this transaction.

        Raises:
            RequestInProgress: another request has it.
            IdempotencyKeyReused: it was used with another body.
            AlreadyAnswered: it was used with this body, as far as can be known.
        """
        if not run_within(connection, LOCK, {"lock": self.lock}).scalar_one():
            raise RequestInProgress("A request with this Idempotency-Key is still running; try again.")
        found = run_within(connection, FIND, {**self.names, "kept": KEPT}).one_or_none()
        if found is None:
            return
        if not self.stands_for(found.fingerprint):
            raise IdempotencyKeyReused("This Idempotency-Key was used with another body.")
        headers = {**found.headers, "Idempotency-Replayed": "true"}
        raise AlreadyAnswered(Response(found.body, found.status, headers, media_type="application/json"))

    def stands_for(self, kept: bytes) -> bool:
        """Whether the stored answer is for this request.

        Callers without a token share a subject. Only the body tells them apart, so it must be comparable and equal.
        """
        another_secret = kept[:-DIGEST] not in (b"", self.fingerprint[:-DIGEST])
        if another_secret and self.names["subject"] != ANONYMOUS:
            return True
        return hmac.compare_digest(kept[-DIGEST:], self.fingerprint[-DIGEST:])

    @property
    def lock(self) -> int:
        """64 bits of a hash of the key's names."""
        digest = hashlib.blake2b(repr(sorted(self.names.items())).encode(), digest_size=8).digest()
        return int.from_bytes(digest, "big", signed=True)

    async def store(self, answer: Response) -> None:
        """Store the answer in the transaction of its effect."""
        if self.session is None:
            raise TypeError("a route that creates works in DbSession")
        headers = {name: answer.headers[name] for name in REPLAYED if name in answer.headers}
        kept = {"fingerprint": self.fingerprint, "status": answer.status_code, "headers": headers, "body": answer.body}
        await self.session.execute(STORE, {**self.names, **kept})


def with_idempotency(handle: Handler, *, knows_people: bool) -> Handler:
    """Give a request with an `Idempotency-Key` one effect."""

    async def handle_once(request: Request) -> Response:
        keys = request.headers.getlist(HEADER)
        if not keys:
            return await handle(request)
        if len(keys) > 1 or not SHAPE.fullmatch(keys[0]):
            raise BadIdempotencyKey("An Idempotency-Key is 1 to 255 visible ASCII characters, given once.")
        principal = await authenticate(request) if knows_people else None
        names = {
            "subject": principal.subject if principal else ANONYMOUS,
            "method": request.method,
            "path": request.scope["path"],
            "key": keys[0],
        }
        claim = Claim(names, fingerprint_of(await request.body(), request.app.state.fingerprint_key))
        request.scope[AT_BEGIN] = claim.guard
        try:
            answer = await handle(request)
            await claim.store(answer)
        except AlreadyAnswered as repeated:
            return repeated.answer
        return answer

    return handle_once


async def forget_expired(database: Database) -> None:
    """Delete expired keys in small transactions; runs for ever."""
    while True:
        await asyncio.sleep(CLEANED_EVERY.total_seconds())
        try:
            while await forget_batch(database) == BATCH:
                pass
        except (SQLAlchemyError, OSError) as error:
            log.warning("expired idempotency keys not deleted", error_type=type(error).__name__)


async def forget_batch(database: Database) -> int:
    """Returns the number of deleted keys: `BATCH` if there may be more."""
    started = time.time_ns()
    async with database.transaction() as session:
        removed: int = (await session.execute(FORGET, {"kept": KEPT, "batch": BATCH})).scalar_one()
    if removed:
        record_work("delete idempotency keys", started, {"rows": removed})
    return removed


async def erase_keys(session: Executor, account_id: int) -> bool:
    """Delete an account's keys: a step of its erasure (`common.events.erasure`). True if there were any."""
    return bool((await session.execute(ERASE, {"account": account_id})).all())
