"""What users tells others, as events."""

from common.events import Event, FollowData, ProfileData
from users.services.records import Card, Edge


def profile(card: Card) -> Event:
    return Event((card.id,), card.version, ProfileData(name=card.name, avatar_url=card.avatar_url))


def follow(edge: Edge) -> Event:
    return Event((edge.follower_id, edge.followee_id), edge.version, FollowData(active=edge.active))
