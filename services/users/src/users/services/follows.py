"""Following and no longer following."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from common.ports import Slice, Transactions
from users.services.errors import CannotFollowYourself
from users.services.ports import FollowReader, Work
from users.services.profiles import Profiles
from users.services.records import Follower


@dataclass(frozen=True, slots=True)
class Follows:
    """Who follows whom. Both ways of changing it may be repeated without a further effect."""

    profiles: Profiles
    reader: FollowReader
    transactions: Transactions[Work]

    async def follow(self, follower_id: int, followee_id: int) -> None:
        """Raises CannotFollowYourself, or UserNotFound for whom nobody can follow."""
        if follower_id == followee_id:
            raise CannotFollowYourself("You cannot follow yourself.")
        for person in (follower_id, followee_id):  # both have a profile from here on
            await self.profiles.get(person, None)
        async with self.transactions() as work:
            if await work.follows.follow(follower_id, followee_id):
                await work.profiles.count_follow(follower_id, followee_id, +1)

    async def unfollow(self, follower_id: int, followee_id: int) -> None:
        async with self.transactions() as work:
            if await work.follows.unfollow(follower_id, followee_id):
                await work.profiles.count_follow(follower_id, followee_id, -1)

    async def followers(self, user_id: int, limit: int, after: tuple[datetime, int] | None) -> Slice[Follower]:
        """Who follows somebody, the newest first. Raises UserNotFound."""
        await self.profiles.get(user_id, None)
        return await self.reader.followers(user_id, limit, after)

    async def following(self, user_id: int, limit: int, after: tuple[datetime, int] | None) -> Slice[Follower]:
        """Whom somebody follows, the newest first. Raises UserNotFound."""
        await self.profiles.get(user_id, None)
        return await self.reader.following(user_id, limit, after)

    async def followed_ids(self, user_id: int) -> Sequence[int]:
        """Whom somebody follows, as ids only."""
        return await self.reader.followed_ids(user_id)
