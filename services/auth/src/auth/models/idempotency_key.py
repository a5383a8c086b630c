"""Answers to POSTs that may be repeated."""

from typing import Final

from sqlalchemy import Index

from auth.database import Base
from common.http.idempotency import ANONYMOUS, IdempotencyKeyRow


class IdempotencyKey(IdempotencyKeyRow, Base):
    """The columns are explained in `common.http.idempotency`."""


BY_SIGN_UP: Final = Index(
    "ix_idempotency_keys_by_sign_up",
    IdempotencyKey.headers["Location"].astext,
    postgresql_where=IdempotencyKey.subject == ANONYMOUS,
)
"""For who signed up and is to be forgotten."""
