"""What users tells others, as events."""

from common.contracts.events import BlockData, FollowData, ProfileData
from common.state_events import Event
from users.services.records import Card, Edge


def profile(card: Card) -> Event:
    return Event((card.id,), card.version, ProfileData(name=card.name, avatar_url=card.avatar_url))


def follow(edge: Edge) -> Event:
    return Event((edge.origin_id, edge.target_id), edge.version, FollowData(active=edge.active))


def block(edge: Edge) -> Event:
    return Event((edge.origin_id, edge.target_id), edge.version, BlockData(active=edge.active))
