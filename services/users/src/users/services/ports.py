"""What the rules need of the outside, in their own words."""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from common.events.exports import ExportPage
from common.ports import Page, Versions
from common.state_events import ErasureStore, Event, EventPublisher, RevocationStore
from users.services.records import AccountState, Edge, Neighbour, Profile, ProfileSummary

Moment = tuple[datetime, int]
"""A place in a list of edges, the newest first: since when, and the id at the other end."""


class AccountClient(Protocol):
    """auth, as far as users asks it."""

    async def get(self, account_id: int) -> AccountState | None:
        """An account's state; None if there is no such account. Raises DependencyUnavailable."""


class ProfileReader(Protocol):
    """Profiles, for looking at. With a viewer, they say what is between the two."""

    async def get(self, user_id: int, viewer_id: int | None) -> Profile | None: ...

    async def batch(self, ids: Sequence[int], viewer_id: int | None) -> Sequence[Profile]:
        """Those who exist, in any order."""

    async def summaries(self, ids: Sequence[int]) -> Sequence[ProfileSummary]: ...

    async def page(self, after: int, limit: int) -> Sequence[ProfileSummary]:
        """Summaries of people with larger ids, in their order."""


class ProfileSearch(Protocol):
    """Profiles, found by their names."""

    async def search(
        self, words: Sequence[str], viewer_id: int | None, limit: int, after: tuple[int, int] | None
    ) -> Page[Profile]:
        """People whose names have all the words, most followers first; `after` is a number of followers and an id."""


class EdgeReader(Protocol):
    """Edges of one kind, for looking at."""

    async def targets(self, origin_id: int, limit: int, after: Moment | None) -> Page[Neighbour]: ...

    async def origins(self, target_id: int, limit: int, after: Moment | None) -> Page[Neighbour]: ...

    async def page(self, after: tuple[int, int], limit: int) -> Sequence[Edge]:
        """All edges behind the given one, ended ones too, in the order of their two ids."""


class ProfileStore(Protocol):
    """Profiles, for changing."""

    async def upsert_account(self, account: AccountState) -> ProfileSummary | None:
        """Make the profile of an account that has none, or note its newer state; the summary if it is a new one."""

    async def get(self, user_id: int, viewer_id: int | None) -> Profile | None: ...

    async def remove(self, user_id: int) -> None:
        """The profile, and how much was published: nobody sees anything of the person from here on."""

    async def edit(self, user_id: int, changes: Mapping[str, Any], expected: Versions) -> ProfileSummary | None:
        """Write the given fields; None if there is no profile of an expected version."""

    async def lock(self, *ids: int) -> Set[int]:
        """Keep these people for oneself until the transaction ends, in ascending order; those who exist."""

    async def count_follow(self, follower_id: int, followee_id: int, step: int) -> None:
        """Move both people's counters by one step up or down. Both are locked."""

    async def note_authored(self, authors: Sequence[Event]) -> None:
        """How much people have published: newer states replace older ones."""


class EdgeStore(Protocol):
    """Edges of one kind, for changing. Both people are locked."""

    async def start(self, origin_id: int, target_id: int) -> int | None:
        """The edge's new version; None if it was so before."""

    async def end(self, origin_id: int, target_id: int) -> int | None:
        """The edge's new version; None if it was so before."""

    async def between(self, one: int, other: int) -> Set[int]:
        """From which of the two an active edge goes to the other."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitOfWork:
    """All stores of one short transaction."""

    profiles: ProfileStore
    follows: EdgeStore
    blocks: EdgeStore
    events: EventPublisher
    revocations: RevocationStore
    erasures: ErasureStore


class ExportSource(Protocol):
    """One service's part of what is held about somebody."""

    async def page(self, account_id: int, after: str | None) -> ExportPage:
        """Raises AccountGone and DependencyUnavailable."""
