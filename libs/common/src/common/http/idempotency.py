"""`Idempotency-Key`: a POST that creates may be repeated, and has one effect and one answer for 24 hours.

Every route that answers a POST with 201 takes the header (see `common.http.routing`). It only has to do its work in
`DbSession`. The first thing that the request's transaction does is to claim the key; the last, after the answer is
serialised, is to store the answer. So the effect and the answer are committed together, refusals are not stored, and
whatever comes before the first statement (hashing, calling a peer) still holds no connection.

- Key: subject of the token ("anonymous" without), method, path, and the header.
- Claim: `pg_try_advisory_xact_lock`, else 409; a stored answer for another body is 422.
- Fingerprint: HMAC of the body under a secret of the service, so that a stolen table tells nothing about a password.
  Before it comes the secret's id. What was stored under another secret, before the database's password was changed,
  cannot be compared: whoever has a token gets the answer, which is their own; without one it stays 422.
"""

import asyncio
import hashlib
import hmac
import re
from collections.abc import Callable, Coroutine, Mapping
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

from common.db.database import AT_BEGIN, Database
from common.errors import Conflict, InvalidInput
from common.http.deps import authenticate
from common.settings import ServiceSettings

log = structlog.get_logger()

KEPT: Final = timedelta(hours=24)
CLEANED_EVERY: Final = timedelta(minutes=10)
BATCH: Final = 1000
HEADER: Final = "Idempotency-Key"
SHAPE: Final = re.compile(r"[!-~]{1,255}")
REPLAYED: Final = ("Location", "ETag", "Vary")
ANONYMOUS: Final = "anonymous"
DIGEST: Final = 32
"""Bytes of a fingerprint without the id of its secret, as they were stored before there were ids."""
ID: Final = 8
PARAMETER: Final[dict[str, Any]] = {
    "name": HEADER,
    "in": "header",
    "required": False,
    "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"},
    "description": "Chosen by the caller. With the same key and body the request has one effect and one answer.",
}
LOCK: Final = text("SELECT pg_try_advisory_xact_lock(:lock)")
# A statement of its own after the lock: its snapshot has what the holder before us committed.
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

Handler = Callable[[Request], Coroutine[Any, Any, Response]]


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
    """Not 1 to 255 visible ASCII characters."""

    code = "bad-idempotency-key"


class IdempotencyKeyReused(InvalidInput):
    """The key has answered another body."""

    code = "idempotency-key-reused"


class RequestInProgress(Conflict):
    """The first request with this key is still at work."""

    code = "request-in-progress"


class AlreadyAnswered(Exception):
    """Ends a repeated request before it does anything; `with_idempotency` gives the stored answer instead."""

    def __init__(self, answer: Response) -> None:
        self.answer = answer


def fingerprint_key(settings: ServiceSettings) -> bytes:
    """A secret for fingerprints only, derived from one that every service has and its database has not."""
    return hmac.digest(settings.database_password.get_secret_value().encode(), b"idempotency fingerprints", "sha256")


def fingerprint_of(body: bytes, secret: bytes) -> bytes:
    """The secret's id, and the HMAC of the body under it."""
    return hashlib.blake2b(secret, digest_size=ID).digest() + hmac.digest(secret, body, "sha256")


@dataclass(slots=True)
class Claim:
    """A request's key. `common.db.database.get_db` lets it have the first word in the request's transaction."""

    names: Mapping[str, str]
    fingerprint: bytes
    session: AsyncSession | None = None

    def guard(self, session: AsyncSession) -> None:
        self.session = session
        event.listen(session.sync_session, "after_begin", self.claim)

    def claim(self, _session: object, _transaction: object, connection: Connection) -> None:
        """Take the key for this transaction.

        Raises:
            RequestInProgress: another one has it.
            IdempotencyKeyReused: it stands for another body.
            AlreadyAnswered: it stands for this body, as far as that can be told.
        """
        if not connection.execute(LOCK, {"lock": self.lock}).scalar_one():
            raise RequestInProgress("A request with this Idempotency-Key is still at work; try again.")
        found = connection.execute(FIND, {**self.names, "kept": KEPT}).one_or_none()
        if found is None:
            return
        if not self.stands_for(found.fingerprint):
            raise IdempotencyKeyReused("This Idempotency-Key was used with another body.")
        headers = {**found.headers, "Idempotency-Replayed": "true"}
        raise AlreadyAnswered(Response(found.body, found.status, headers, media_type="application/json"))

    def stands_for(self, kept: bytes) -> bool:
        """Whether what is kept is for this request.

        Without a token all callers share a subject: only the body tells them apart, so it must be known to be the same.
        """
        another_secret = kept[:-DIGEST] not in (b"", self.fingerprint[:-DIGEST])
        if another_secret and self.names["subject"] != ANONYMOUS:
            return True
        return hmac.compare_digest(kept[-DIGEST:], self.fingerprint[-DIGEST:])

    @property
    def lock(self) -> int:
        """64 bits of a hash of the names."""
        digest = hashlib.blake2b(repr(sorted(self.names.items())).encode(), digest_size=8).digest()
        return int.from_bytes(digest, "big", signed=True)

    async def store(self, answer: Response) -> None:
        """Keep the answer, in the transaction of what it tells of."""
        if self.session is None:
            raise TypeError("a route that creates works in DbSession")
        headers = {name: answer.headers[name] for name in REPLAYED if name in answer.headers}
        kept = {"fingerprint": self.fingerprint, "status": answer.status_code, "headers": headers, "body": answer.body}
        await self.session.execute(STORE, {**self.names, **kept})


def with_idempotency(handle: Handler, *, knows_people: bool) -> Handler:
    """Let a request with an `Idempotency-Key` have one effect."""

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
    """Remove keys that are over, in small transactions, for as long as the app runs."""
    while True:
        await asyncio.sleep(CLEANED_EVERY.total_seconds())
        try:
            while await forget_batch(database) == BATCH:
                pass
        except (SQLAlchemyError, OSError) as error:
            log.warning("expired idempotency keys stay for now", error_type=type(error).__name__)


async def forget_batch(database: Database) -> int:
    """How many keys were removed: `BATCH` when there may be more."""
    async with database.transaction() as session:
        removed: int = (await session.execute(FORGET, {"kept": KEPT, "batch": BATCH})).scalar_one()
        return removed
