"""Who is to be forgotten, or was."""

from common.events.erasure import ErasedRow
from posts.database import Base


class Erased(ErasedRow, Base):
    """The columns are explained in `common.events.erasure`."""
