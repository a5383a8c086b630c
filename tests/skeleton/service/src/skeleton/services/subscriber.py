"""Applies the events that skeleton receives."""

from collections.abc import Sequence
from dataclasses import dataclass

from common.contracts.events import AccountData, SessionEndedData, TokensRevokedData
from common.events.inbox import Inbox
from common.state_events import Event
from skeleton.services.ports import UnitOfWork


@dataclass(frozen=True, slots=True)
class EventSubscriber:
    """Applies events in one transaction."""

    work: UnitOfWork

    @property
    def inbox(self) -> Inbox:
        return Inbox(
            {
                AccountData: self.accounts,
                SessionEndedData: self.work.revocations.end_sessions,
                TokensRevokedData: self.work.revocations.raise_floors,
            }
        )

    async def accounts(self, events: Sequence[Event]) -> None:
        """Begin the erasure of deleted accounts."""
        for event in events:
            if isinstance(event.data, AccountData) and event.data.gone:
                await self.work.erasures.begin(event.account_id, event.version)
