"""Applies the events that auth receives."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, TypeGuard

import structlog

from auth.services.audit import SERVER, Action
from auth.services.deletion import begin_deletion, finish_deletion
from auth.services.mail.sending import Kind, send_limited
from auth.services.ports import UnitOfWork
from common.contracts.events import DISMISSED, REMOVED, AccountData, AccountErasedData, ModerationData, OperationData
from common.events.inbox import Inbox
from common.state_events import Event, EventData

log = structlog.get_logger()

# begin: only with posts
DECISIONS: Final = {REMOVED: Action.content_removed, DISMISSED: Action.reports_dismissed}
"""By `ModerationData.act`. A later release may send others."""
# end: only with posts


@dataclass(frozen=True, slots=True)
class EventSubscriber:
    """Applies events in one transaction."""

    work: UnitOfWork

    @property
    def inbox(self) -> Inbox:
        return Inbox(
            {
                AccountErasedData: self.erased,
                ModerationData: self.moderated,  # only with posts
                OperationData: self.operated,
            }
        )

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

    # begin: only with posts
    async def moderated(self, events: Sequence[Event]) -> None:
        """Moderators have decided about other people's posts or comments. Authors get a mail about removals."""
        decided = [(event, event.data) for event in events if is_decision(event.data)]
        # All lines first and in one order, then the authors in one order: batches that share events meet no deadlock.
        authors: list[int] = []
        for event, data in sorted(decided, key=lambda one: one[0].subject):
            action = DECISIONS[data.act]
            is_new = await self.work.audit.note_moderation(action, event, data)
            if is_new and action is Action.content_removed and data.author is not None:
                authors.append(data.author)
        for author_id in sorted(authors):
            author = await self.work.accounts.lock_for_share(author_id)  # no mail is created beside their deletion
            if author is not None and author.status == "active":
                await send_limited(self.work, Kind.content_removed, author.id, author.email)

    # end: only with posts
    async def operated(self, events: Sequence[Event]) -> None:
        """Admins have replayed or dropped parked events of other services."""
        for event in events:
            if isinstance(event.data, OperationData):
                await self.work.audit.note_operation(event, event.data)


# begin: only with posts
def is_decision(data: EventData) -> TypeGuard[ModerationData]:
    return isinstance(data, ModerationData) and data.act in DECISIONS


# end: only with posts
