"""Access tokens that are refused before they expire."""

from common.events.revocations import EndedSessionRow, TokenFloorRow
from users.database import Base


class EndedSession(EndedSessionRow, Base):
    """The columns are explained in `common.events.revocations`."""


class TokenFloor(TokenFloorRow, Base):
    """The columns are explained in `common.events.revocations`."""
