"""What posts has to tell others."""

from common.events.outbox import OutboxRow
from posts.database import Base


class Outbox(OutboxRow, Base):
    """posts' outbox; the columns are explained in `common.events.outbox`."""
