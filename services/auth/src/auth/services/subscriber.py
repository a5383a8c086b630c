"""Applies the events that auth receives."""

from collections.abc import Sequence
from dataclasses import dataclass

import structlog

from auth.services.audit import SERVER
from auth.services.deletion import begin_deletion, finish_deletion
from auth.services.ports import UnitOfWork
from common.contracts.events import AccountData, AccountErasedData, ModerationData, OperationData
from common.events.inbox import Inbox
from common.state_events import Event

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class EventSubscriber:
    """Applies events in one transaction."""

    work: UnitOfWork

    @property
    def inbox(self) -> Inbox:
        return Inbox({AccountErasedData: self.erased, ModerationData: self.moderated, OperationData: self.operated})

    async def erased(self, events: Sequence[Event]) -> None:
        """A service has erased all data of an account.

        If auth knows no deletion, its database was restored from an earlier backup; or the service is wrong, and must
        not be able to delete accounts alone. So all services have to report it, or an operator confirms it
        (`delete_noted`). The last admin stays.
        """
        unasked = await self.work.deletions.unasked([event.account_id for event in events])
        admins = set(await self.work.managed_accounts.lock_admins()) if unasked else set[int]()
        for event in events:
            account = await self.work.managed_accounts.lock(event.account_id)
            if not isinstance(event.data, AccountErasedData) or account is None or account.status == "deleted":
                continue
            pending = await self.work.deletions.note(account.id, event.data.service)
            through = pending.erased.keys() >= set(AccountData.targets)
            if account.status != "deleting":
                through = through and admins != {account.id}
                log.warning("erased elsewhere unasked", account=account.id, by=list(pending.erased), believed=through)
                if through:
                    await begin_deletion(self.work, account, actor=SERVER)
                    admins.discard(account.id)
            if through:
                await finish_deletion(self.work, account, pending)

    async def moderated(self, events: Sequence[Event]) -> None:
        """Moderators have removed other people's posts or comments."""
        for event in events:
            if isinstance(event.data, ModerationData):
                await self.work.audit.note_removal(event, event.data)

    async def operated(self, events: Sequence[Event]) -> None:
        """Admins have replayed or dropped parked events of other services."""
        for event in events:
            if isinstance(event.data, OperationData):
                await self.work.audit.note_operation(event, event.data)
