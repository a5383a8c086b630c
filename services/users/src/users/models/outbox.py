"""What users has to tell others."""

from common.outbox import OutboxRow
from users.database import Base


class Outbox(OutboxRow, Base):
    """users' outbox; the columns are explained in `common.outbox`."""
