"""users' profiles."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from common.events import Event, EventPage, ProfileData
from common.inbox import answered
from common.service_client import ServiceClient


@dataclass(frozen=True, slots=True)
class UsersPeople:
    """`People`, asked over HTTP. The answers are the events that will come, or have come, as well."""

    users: ServiceClient

    async def profiles(self, ids: Collection[int]) -> Sequence[Event]:
        params = {"ids": ",".join(str(one) for one in sorted(ids))}
        page = await self.users.get("/internal/profiles", EventPage, params)
        return [answered(event, ProfileData) for event in page.events] if page else []
