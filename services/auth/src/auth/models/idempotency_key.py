"""Answers to POSTs that may be repeated."""

from auth.database import Base
from common.idempotency import IdempotencyKeyRow


class IdempotencyKey(IdempotencyKeyRow, Base):
    """The columns are explained in `common.idempotency`."""
