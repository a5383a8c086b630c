"""What users has to tell others."""

from common.events.outbox import OutboxRow
from users.database import Base


class Outbox(OutboxRow, Base):
    """users' outbox; the columns are explained in `common.events.outbox`."""
