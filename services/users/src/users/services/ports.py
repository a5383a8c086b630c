"""The ports of users' business rules."""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from common.events.exports import ExportPage
from common.ports import Page, Versions
from common.state_events import ErasureStore, Event, EventPublisher, RevocationStore
from users.services.records import AccountState, Edge, Neighbour, Profile, ProfileSummary

Moment = tuple[datetime, int]
"""A place in a list of edges, the newest first: the start of the last edge before it, and the id at its other end."""


class AccountClient(Protocol):
    """Calls to auth."""

    async def get(self, account_id: int) -> AccountState | None:
        """An account's state; None if there is no such account. Raises DependencyUnavailable."""


class ProfileReader(Protocol):
    """Reads profiles. With a viewer, they include the relations between the two."""

    async def get(self, user_id: int, viewer_id: int | None) -> Profile | None: ...

    async def batch(self, ids: Sequence[int], viewer_id: int | None) -> Sequence[Profile]:
        """The existing profiles, in any order."""

    async def by_username(self, names: Sequence[str], viewer_id: int | None) -> Sequence[Profile]:
        """The profiles with these usernames, given in lower case, by ascending ids."""

    async def summaries(self, ids: Sequence[int]) -> Sequence[ProfileSummary]: ...

    async def page(self, after: int, limit: int) -> Sequence[ProfileSummary]:
        """Summaries of people with larger ids, ordered by id."""


class ProfileSearch(Protocol):
    """Finds profiles by name."""

    async def search(
        self, words: Sequence[str], viewer_id: int | None, limit: int, after: tuple[int, int] | None
    ) -> Page[Profile]:
        """People whose names have all the words, most followers first; `after` is a number of followers and an id."""


class EdgeReader(Protocol):
    """Reads edges of one kind."""

    async def targets(self, origin_id: int, limit: int, after: Moment | None) -> Page[Neighbour]: ...

    async def origins(self, target_id: int, limit: int, after: Moment | None) -> Page[Neighbour]: ...

    async def page(self, after: tuple[int, int], limit: int) -> Sequence[Edge]:
        """All edges after the given one, ended ones too, ordered by their two ids."""


class ProfileStore(Protocol):
    """Reads and changes profiles."""

    async def upsert_account(self, account: AccountState) -> ProfileSummary | None:
        """Create the profile of an account, or store its newer state; returns the summary of a new profile."""

    async def get(self, user_id: int, viewer_id: int | None) -> Profile | None: ...

    async def remove(self, user_id: int) -> None:
        """Delete the profile: from then on nobody sees any data of the person."""

    async def edit(self, user_id: int, changes: Mapping[str, Any], expected: Versions) -> ProfileSummary | None:
        """Write the given fields; None if there is no profile with an expected version."""

    async def lock(self, *ids: int) -> Set[int]:
        """Lock these people until the transaction ends, in ascending order; returns those who exist."""

    async def count_follow(self, follower_id: int, followee_id: int, step: int) -> None:
        """Change both people's counters by one. Both are locked."""


class PictureStore(Protocol):
    """The pictures of accounts."""

    async def keep_finished(self, name: str, account_id: int) -> bool:
        """Whether the account has this picture. It is locked, and not found unused for an hour."""

    async def remove_others(self, account_id: int, name: str | None) -> None:
        """Remove all pictures of an account but one: they are no longer shown, and deleted soon."""


# begin: only with posts
class AuthoredStore(Protocol):
    """Numbers of published posts."""

    async def note(self, authors: Sequence[Event]) -> None:
        """Store those that are newer."""

    async def remove(self, user_id: int) -> None: ...


# end: only with posts


class EdgeStore(Protocol):
    """Changes edges of one kind. Both people are locked."""

    async def start(self, origin_id: int, target_id: int) -> int | None:
        """The edge's new version; None if it was active before."""

    async def end(self, origin_id: int, target_id: int) -> int | None:
        """The edge's new version; None if it was not active."""

    async def between(self, one: int, other: int) -> Set[int]:
        """Which of the two has an active edge to the other."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitOfWork:
    """All stores of one short transaction."""

    profiles: ProfileStore
    follows: EdgeStore
    blocks: EdgeStore
    events: EventPublisher
    revocations: RevocationStore
    erasures: ErasureStore
    pictures: PictureStore
    authored: AuthoredStore  # only with posts


class ExportSource(Protocol):
    """One service's part of an export."""

    async def page(self, account_id: int, after: str | None) -> ExportPage:
        """Raises AccountGone and DependencyUnavailable."""
