"""The events that users sends."""

from common.contracts.events import BlockData, FollowData, ProfileData
from common.state_events import Event
from users.services.records import Edge, ProfileSummary


def profile_event(summary: ProfileSummary) -> Event:
    return Event((summary.id,), summary.version, ProfileData(name=summary.name, avatar_url=summary.avatar_url))


def follow_event(edge: Edge) -> Event:
    return Event((edge.origin_id, edge.target_id), edge.version, FollowData(active=edge.active))


def block_event(edge: Edge) -> Event:
    return Event((edge.origin_id, edge.target_id), edge.version, BlockData(active=edge.active))
