"""The events that posts sends."""

from uuid import uuid4

from common.contracts.events import AuthorData, ModerationData
from common.state_events import Event
from posts.services.records import AuthorStats


def author_event(stats: AuthorStats) -> Event:
    return Event((stats.author_id,), stats.version, AuthorData(posts_count=stats.posts_count))


def removal_event(kind: str, thing_id: int, author_id: int | None, moderator_id: int) -> Event:
    """The event of a removal by a moderator, for auth's audit trail."""
    data = ModerationData(kind=kind, id=thing_id, author=author_id, moderator=moderator_id)
    return Event((uuid4(),), 1, data)
