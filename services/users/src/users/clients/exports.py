"""The exports of the other services."""

from dataclasses import dataclass

from common import deadlines
from common.calls.service_client import ServiceClient
from common.events.exports import AccountGone, ExportPage


@dataclass(frozen=True, slots=True)
class PeerExportSource:
    """`ExportSource` over HTTP."""

    peer: ServiceClient

    async def page(self, account_id: int, after: str | None) -> ExportPage:
        params = {"after": after} if after else None
        with deadlines.within(self.peer.deadline):  # a new deadline for each page: in between, the reader may be slow
            page = await self.peer.get(f"/internal/export/{account_id}", ExportPage, params)
        if page is None:
            raise AccountGone(f"The {self.peer.audience} service is erasing the account.")
        return page
