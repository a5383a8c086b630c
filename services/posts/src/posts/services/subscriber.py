"""What posts learns from others' events."""

from dataclasses import dataclass

from common.events import (
    AccountData,
    BlockData,
    FollowData,
    ProfileData,
    RevocationStore,
    SessionEndedData,
    TokensRevokedData,
)
from common.inbox import Inbox
from posts.services.ports import AuthorStore, EdgeStore


@dataclass(frozen=True, slots=True)
class Subscriber:
    """Applies events in one transaction."""

    authors: AuthorStore
    edges: EdgeStore
    revocations: RevocationStore

    @property
    def inbox(self) -> Inbox:
        return Inbox(
            {
                AccountData: self.authors.note_accounts,
                ProfileData: self.authors.note_profiles,
                FollowData: self.edges.note_follows,
                BlockData: self.edges.note_blocks,
                SessionEndedData: self.revocations.end_sessions,
                TokensRevokedData: self.revocations.raise_floors,
            }
        )
