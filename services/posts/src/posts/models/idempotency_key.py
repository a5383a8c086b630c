"""Answers to POSTs that may be repeated."""

from common.http.idempotency import IdempotencyKeyRow
from posts.database import Base


class IdempotencyKey(IdempotencyKeyRow, Base):
    """The columns are explained in `common.http.idempotency`."""
