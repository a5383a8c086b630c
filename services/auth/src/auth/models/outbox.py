"""What auth has to tell others."""

from auth.database import Base
from common.outbox import OutboxRow


class Outbox(OutboxRow, Base):
    """auth' outbox; the columns are explained in `common.outbox`."""
