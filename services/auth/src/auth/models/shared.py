"""Tables of shared mechanisms. Each docstring names the module that explains the columns."""

from typing import Final

from sqlalchemy import Index

from auth.database import Base
from common.events.outbox import OutboxRow
from common.events.revocations import EndedSessionRow, TokenFloorRow
from common.http.idempotency import ANONYMOUS, IdempotencyKeyRow


class Outbox(OutboxRow, Base):
    """`common.events.outbox`."""


class EndedSession(EndedSessionRow, Base):
    """`common.events.revocations`."""


class TokenFloor(TokenFloorRow, Base):
    """`common.events.revocations`."""


class IdempotencyKey(IdempotencyKeyRow, Base):
    """`common.http.idempotency`."""


BY_SIGN_UP: Final = Index(
    "ix_idempotency_keys_by_sign_up",
    IdempotencyKey.headers["Location"].astext,
    postgresql_where=IdempotencyKey.subject == ANONYMOUS,
)
"""Finds the stored answer to the sign-up of an account that is to be erased."""
