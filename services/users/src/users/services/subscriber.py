"""Applies the events that users receives."""

from collections.abc import Sequence
from dataclasses import dataclass

from common.contracts.events import AccountData, AuthorData, SessionEndedData, TokensRevokedData
from common.events.inbox import Inbox
from common.state_events import Event
from users.services.ports import UnitOfWork
from users.services.provisioning import provision
from users.services.records import AccountState


@dataclass(frozen=True, slots=True)
class EventSubscriber:
    """Applies events in one transaction."""

    work: UnitOfWork

    @property
    def inbox(self) -> Inbox:
        return Inbox(
            {
                AccountData: self.accounts,
                AuthorData: self.work.authored.note,  # only with posts
                SessionEndedData: self.work.revocations.end_sessions,
                TokensRevokedData: self.work.revocations.raise_floors,
            }
        )

    async def accounts(self, events: Sequence[Event]) -> None:
        """Create profiles of new accounts, update addresses of known ones, and erase deleted ones."""
        for event in events:
            await provision(self.work, account_state(event))


def account_state(event: Event) -> AccountState:
    """The account of an `account` event."""
    data = event.data
    if not isinstance(data, AccountData):
        raise TypeError(f"{event.subject} is no account")
    return AccountState(event.account_id, data.email, data.name, data.username, event.version, data.gone)
