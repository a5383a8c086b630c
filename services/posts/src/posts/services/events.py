"""The events that posts sends."""

from uuid import uuid4

from common.contracts.events import DISMISSED, REMOVED, AuthorData, ModerationData
from common.state_events import Event
from posts.services.records import AuthorStats, Target


def author_event(stats: AuthorStats) -> Event:
    return Event((stats.author_id,), stats.version, AuthorData(posts_count=stats.posts_count))


def moderation_event(target: Target, moderator_id: int, *, reason: str | None = None) -> Event:
    """The event of a moderator's decision, for auth's audit trail: a removal with its reason, or a dismissal."""
    data = ModerationData(
        kind="post" if target.comment_id is None else "comment",
        id=target.comment_id or target.post_id,
        author=target.author_id,
        moderator=moderator_id,
        act=DISMISSED if reason is None else REMOVED,
        reason=reason or "",
    )
    return Event((uuid4(),), 1, data)
