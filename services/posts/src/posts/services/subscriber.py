"""What posts learns from others' events."""

from collections.abc import Sequence
from dataclasses import dataclass

from common.contracts.events import AccountData, BlockData, FollowData, ProfileData, SessionEndedData, TokensRevokedData
from common.events.inbox import Inbox
from common.state_events import ErasureStore, Event, RevocationStore
from posts.services.ports import AuthorStore, EdgeStore


@dataclass(frozen=True, slots=True)
class EventSubscriber:
    """Applies events in one transaction."""

    authors: AuthorStore
    edges: EdgeStore
    revocations: RevocationStore
    erasures: ErasureStore

    @property
    def inbox(self) -> Inbox:
        return Inbox(
            {
                AccountData: self.accounts,
                ProfileData: self.authors.note_profiles,
                FollowData: self.edges.note_follows,
                BlockData: self.edges.note_blocks,
                SessionEndedData: self.revocations.end_sessions,
                TokensRevokedData: self.revocations.raise_floors,
            }
        )

    async def accounts(self, events: Sequence[Event]) -> None:
        """A new account gets its name; one that was deleted is forgotten."""
        gone = [event for event in events if isinstance(event.data, AccountData) and event.data.gone]
        for event in gone:
            await self.erasures.begin(event.account_id, event.version)
        if others := [event for event in events if event not in gone]:
            await self.authors.note_accounts(others)
