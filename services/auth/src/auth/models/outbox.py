"""What auth has to tell others."""

from auth.database import Base
from common.events.outbox import OutboxRow


class Outbox(OutboxRow, Base):
    """auth' outbox; the columns are explained in `common.events.outbox`."""
