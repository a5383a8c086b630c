"""What the rules need of the outside, in their own words."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

from common.events import Event, Events, RevocationStore
from common.ports import Slice, Versions
from users.services.records import AccountState, Card, Edge, Follower, Profile


class Accounts(Protocol):
    """auth, as far as users asks it."""

    async def get(self, account_id: int) -> AccountState | None:
        """An account's state; None if there is no such account. Raises DependencyUnavailable."""


class ProfileReader(Protocol):
    """Profiles, for looking at."""

    async def get(self, user_id: int, viewer_id: int | None) -> Profile | None: ...

    async def cards(self, ids: Sequence[int]) -> Sequence[Card]: ...

    async def page(self, after: int, limit: int) -> Sequence[Card]:
        """Cards of people with larger ids, in their order."""


class FollowReader(Protocol):
    """Edges, for looking at."""

    async def followers(self, user_id: int, limit: int, after: tuple[datetime, int] | None) -> Slice[Follower]: ...

    async def following(self, user_id: int, limit: int, after: tuple[datetime, int] | None) -> Slice[Follower]: ...

    async def page(self, after: tuple[int, int], limit: int) -> Sequence[Edge]:
        """All edges behind the given one, ended ones too, in the order of their two ids."""


class ProfileStore(Protocol):
    """Profiles, for changing."""

    async def arrive(self, account: AccountState) -> Card | None:
        """Make the profile of an account that has none, or note its newer state; the card if it is a new one."""

    async def get(self, user_id: int, viewer_id: int | None) -> Profile | None: ...

    async def edit(self, user_id: int, changes: Mapping[str, Any], expected: Versions) -> Card | None:
        """Write the given fields; None if there is no profile of an expected version."""

    async def count_follow(self, follower_id: int, followee_id: int, step: int) -> None:
        """Move both people's counters by one step up or down."""

    async def note_authored(self, authors: Sequence[Event]) -> None:
        """How much people have published: newer states replace older ones."""


class FollowStore(Protocol):
    """Edges, for changing."""

    async def follow(self, follower_id: int, followee_id: int) -> int | None:
        """The edge's new version; None if it was so before."""

    async def unfollow(self, follower_id: int, followee_id: int) -> int | None:
        """The edge's new version; None if it was so before."""


class Work(Protocol):
    """What one short transaction can do."""

    @property
    def profiles(self) -> ProfileStore: ...

    @property
    def follows(self) -> FollowStore: ...

    @property
    def events(self) -> Events: ...

    @property
    def revocations(self) -> RevocationStore: ...
