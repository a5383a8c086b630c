"""What auth and posts hold about an account."""

from dataclasses import dataclass

from common import deadlines
from common.calls.service_client import ServiceClient
from common.events.exports import AccountGone, ExportPage


@dataclass(frozen=True, slots=True)
class PeerExportSource:
    """`ExportSource`, asked over HTTP."""

    peer: ServiceClient

    async def page(self, account_id: int, after: str | None) -> ExportPage:
        params = {"after": after} if after else None
        with deadlines.within(self.peer.deadline):  # for each page anew: in between, the reader takes its time
            page = await self.peer.get(f"/internal/export/{account_id}", ExportPage, params)
        if page is None:
            raise AccountGone(f"The {self.peer.audience} service forgets the account.")
        return page
