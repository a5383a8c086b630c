"""What the rules need of the outside, in their own words."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

from common.ports import Slice, Versions
from users.services.records import AccountState, Card, Follower, Profile


class Accounts(Protocol):
    """auth, as far as users asks it."""

    async def get(self, account_id: int) -> AccountState | None:
        """An account's state; None if there is no such account. Raises DependencyUnavailable."""


class ProfileReader(Protocol):
    """Profiles, for looking at."""

    async def get(self, user_id: int, viewer_id: int | None) -> Profile | None: ...

    async def cards(self, ids: Sequence[int]) -> Sequence[Card]: ...


class FollowReader(Protocol):
    """Edges, for looking at."""

    async def followers(self, user_id: int, limit: int, after: tuple[datetime, int] | None) -> Slice[Follower]: ...

    async def following(self, user_id: int, limit: int, after: tuple[datetime, int] | None) -> Slice[Follower]: ...

    async def followed_ids(self, user_id: int) -> Sequence[int]: ...


class ProfileStore(Protocol):
    """Profiles, for changing."""

    async def arrive(self, account: AccountState) -> None:
        """Make the profile of an account if it has none yet."""

    async def get(self, user_id: int, viewer_id: int | None) -> Profile | None: ...

    async def edit(self, user_id: int, changes: Mapping[str, Any], expected: Versions) -> bool:
        """Write the given fields; False if there is no profile of an expected version."""

    async def count_follow(self, follower_id: int, followee_id: int, step: int) -> None:
        """Move both people's counters by one step up or down."""


class FollowStore(Protocol):
    """Edges, for changing."""

    async def follow(self, follower_id: int, followee_id: int) -> bool:
        """True if it was not so before."""

    async def unfollow(self, follower_id: int, followee_id: int) -> bool:
        """True if it was not so before."""


class Work(Protocol):
    """What one short transaction can do."""

    @property
    def profiles(self) -> ProfileStore: ...

    @property
    def follows(self) -> FollowStore: ...
