"""What posts learns from others' events."""

from dataclasses import dataclass

from common.events import AccountData, FollowData, ProfileData, RevocationStore, SessionEndedData, TokensRevokedData
from common.inbox import Inbox
from posts.services.ports import AuthorStore, FollowStore


@dataclass(frozen=True, slots=True)
class Subscriber:
    """Applies events in one transaction."""

    authors: AuthorStore
    follows: FollowStore
    revocations: RevocationStore

    @property
    def inbox(self) -> Inbox:
        return Inbox(
            {
                AccountData: self.authors.note_accounts,
                ProfileData: self.authors.note_profiles,
                FollowData: self.follows.note,
                SessionEndedData: self.revocations.end_sessions,
                TokensRevokedData: self.revocations.raise_floors,
            }
        )
