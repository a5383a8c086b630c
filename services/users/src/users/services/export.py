"""Everything that is held about somebody, from all services."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass

from common.events.exports import AccountGone, ExportPage, Items
from users.services.errors import UserNotFound
from users.services.ports import ExportSource
from users.services.profiles import ProfileQueries
from users.services.records import Viewer


@dataclass(frozen=True, slots=True)
class Part:
    """Some more of one section of one service."""

    service: str
    section: str
    items: Items


@dataclass(frozen=True, slots=True)
class Export:
    """Collects it page by page, so that no more than a page of each is in memory, and no connection waits."""

    profiles: ProfileQueries
    sources: Mapping[str, ExportSource]

    async def begin(self, account_id: int, still_good: Callable[[], Awaitable[object]]) -> AsyncIterator[Part]:
        """The parts, in order. All services have answered once before there are any.

        `still_good` raises once the token that asks is no longer good. It is asked before each page is handed on, and
        in the end, so that no export outlives its token and none is called complete by mistake.

        Raises:
            UserNotFound: there is no such account.
            AccountGone: it is deleted while the parts are read.
            DependencyUnavailable: a service is away; also later, while the parts are read.
        """
        await self.profiles.get(account_id, Viewer(account_id))  # who has only just signed up has one from here on
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
