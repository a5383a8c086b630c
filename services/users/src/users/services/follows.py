"""Following and no longer following."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from common.ports import Slice, Transactions
from users.services import told
from users.services.errors import CannotFollowYourself
from users.services.ports import FollowReader, Work
from users.services.profiles import Profiles
from users.services.records import Edge, Follower


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
            version = await work.follows.follow(follower_id, followee_id)
            if version is not None:
                await work.profiles.count_follow(follower_id, followee_id, +1)
                await work.events.publish(told.follow(Edge(follower_id, followee_id, True, version)))

    async def unfollow(self, follower_id: int, followee_id: int) -> None:
        async with self.transactions() as work:
            version = await work.follows.unfollow(follower_id, followee_id)
            if version is not None:
                await work.profiles.count_follow(follower_id, followee_id, -1)
                await work.events.publish(told.follow(Edge(follower_id, followee_id, False, version)))

    async def followers(self, user_id: int, limit: int, after: tuple[datetime, int] | None) -> Slice[Follower]:
        """Who follows somebody, the newest first. Raises UserNotFound."""
        await self.profiles.get(user_id, None)
        return await self.reader.followers(user_id, limit, after)

    async def following(self, user_id: int, limit: int, after: tuple[datetime, int] | None) -> Slice[Follower]:
        """Whom somebody follows, the newest first. Raises UserNotFound."""
        await self.profiles.get(user_id, None)
        return await self.reader.following(user_id, limit, after)

    async def page(self, after: tuple[int, int], limit: int) -> Sequence[Edge]:
        """All edges in their order, for whoever rebuilds what it knows of them."""
        return await self.reader.page(after, limit)
