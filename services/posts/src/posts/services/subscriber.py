"""Applies the events that posts receives."""

from collections.abc import Sequence
from dataclasses import dataclass

from common.contracts.events import AccountData, BlockData, FollowData, ProfileData, SessionEndedData, TokensRevokedData
from common.events.inbox import Inbox
from common.state_events import Event
from posts.services.ports import UnitOfWork


@dataclass(frozen=True, slots=True)
class EventSubscriber:
    """Applies events in one transaction."""

    work: UnitOfWork

    @property
    def inbox(self) -> Inbox:
        return Inbox(
            {
                AccountData: self.accounts,
                ProfileData: self.work.authors.note_profiles,
                FollowData: self.work.edges.note_follows,
                BlockData: self.work.edges.note_blocks,
                SessionEndedData: self.work.revocations.end_sessions,
                TokensRevokedData: self.work.revocations.raise_floors,
            }
        )

    async def accounts(self, events: Sequence[Event]) -> None:
        """Store names of new accounts; begin the erasure of deleted ones."""
        gone = [event for event in events if isinstance(event.data, AccountData) and event.data.gone]
        for event in gone:
            await self.work.erasures.begin(event.account_id, event.version)
        if others := [event for event in events if event not in gone]:
            await self.work.authors.note_accounts(others)
