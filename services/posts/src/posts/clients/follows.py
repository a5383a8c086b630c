"""Follows from users."""

from collections.abc import Sequence
from dataclasses import dataclass

from common.calls.service_client import ServiceClient
from common.contracts.events import FollowData
from common.events.inbox import parse_answer
from common.state_events import Event, EventPage


@dataclass(frozen=True, slots=True)
class UsersFollowClient:
    """`FollowClient` over HTTP. The answer is the same event that users sends by itself."""

    users: ServiceClient

    async def get(self, follower_id: int, followee_id: int) -> Sequence[Event]:
        # the list of all follows, from the place just before this one
        params: dict[str, str | int] = {"after": f"{follower_id}:{followee_id - 1}", "limit": 1}
        page = await self.users.get("/internal/follows", EventPage, params)
        found = [parse_answer(event, FollowData) for event in page.events] if page else []
        return [event for event in found if event.key == (follower_id, followee_id)]
