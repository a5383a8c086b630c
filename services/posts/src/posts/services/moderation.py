"""What moderators do is told to auth, whose audit trail keeps it."""

from uuid import uuid4

from common.contracts.events import ModerationData
from common.state_events import Event


def removal_event(kind: str, thing_id: int, author_id: int | None, moderator_id: int) -> Event:
    """That a moderator has removed somebody else's post or comment."""
    data = ModerationData(kind=kind, id=thing_id, author=author_id, moderator=moderator_id)
    return Event((uuid4(),), 1, data)
