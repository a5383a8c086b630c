"""The export of all data about an account, from all services."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass

from common.events.exports import AccountGone, ExportPage, Items
from users.services.errors import UserNotFound
from users.services.ports import ExportSource
from users.services.profiles import ProfileQueries
from users.services.records import Viewer


@dataclass(frozen=True, slots=True)
class Part:
    """Part of one section of one service."""

    service: str
    section: str
    items: Items


@dataclass(frozen=True, slots=True)
class Export:
    """Collects the export page by page. At most one page per service is in memory, and no connection waits."""

    profiles: ProfileQueries
    sources: Mapping[str, ExportSource]

    async def begin(self, account_id: int, still_good: Callable[[], Awaitable[object]]) -> AsyncIterator[Part]:
        """The parts, in order. All services have answered once before the first part.

        `still_good` raises if the caller's token is no longer valid. It is called before each page and at the end. So
        no export outlives its token, and none is marked complete by mistake.

        Raises:
            UserNotFound: there is no such account.
            AccountGone: the account is deleted while the parts are read.
            DependencyUnavailable: a service is unavailable; also later, while the parts are read.
        """
        await self.profiles.get(account_id, Viewer(account_id))  # creates the profile of a new account
        try:
            first = {service: await source.page(account_id, None) for service, source in self.sources.items()}
        except AccountGone as error:
            raise UserNotFound("User not found") from error
        return self._parts(account_id, first, still_good)

    async def _parts(
        self, account_id: int, pages: Mapping[str, ExportPage], still_good: Callable[[], Awaitable[object]]
    ) -> AsyncIterator[Part]:
        for service, source in self.sources.items():
            page = pages[service]
            while True:
                await still_good()
                for section, items in page.sections.items():
                    yield Part(service, section, items)
                if page.next is None:
                    break
                page = await source.page(account_id, page.next)
        await still_good()
