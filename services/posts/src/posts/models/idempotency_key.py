"""Answers to POSTs that may be repeated."""

from common.idempotency import IdempotencyKeyRow
from posts.database import Base


class IdempotencyKey(IdempotencyKeyRow, Base):
    """The columns are explained in `common.idempotency`."""
