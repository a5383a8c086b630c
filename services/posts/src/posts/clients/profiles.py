"""Profiles from users."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from common.calls.service_client import ServiceClient
from common.contracts.events import ProfileData
from common.events.inbox import parse_answer
from common.state_events import Event, EventPage


@dataclass(frozen=True, slots=True)
class UsersProfileClient:
    """`ProfileClient` over HTTP. The answers are the same events that users sends by itself."""

    users: ServiceClient

    async def get(self, ids: Collection[int]) -> Sequence[Event]:
        params = {"ids": ",".join(str(one) for one in sorted(ids))}
        page = await self.users.get("/internal/profiles", EventPage, params)
        return [parse_answer(event, ProfileData) for event in page.events] if page else []
