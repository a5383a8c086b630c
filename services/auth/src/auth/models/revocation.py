"""Access tokens that are refused before they expire."""

from auth.database import Base
from common.events.revocations import EndedSessionRow, TokenFloorRow


class EndedSession(EndedSessionRow, Base):
    """The columns are explained in `common.events.revocations`."""


class TokenFloor(TokenFloorRow, Base):
    """The columns are explained in `common.events.revocations`."""
