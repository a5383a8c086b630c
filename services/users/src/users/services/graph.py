"""Following and blocking, and ending both.

Each change between two people first locks both profiles, in ascending order of their ids. So concurrent changes of one
pair do not interleave, no two deadlock, and the counters are exact.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from common.ports import Page, Transactions
from users.services.errors import BlockedByThem, BlockedByYou, CannotBlockYourself, CannotFollowYourself, UserNotFound
from users.services.events import block_event, follow_event
from users.services.ports import EdgeReader, Moment, UnitOfWork
from users.services.profiles import ProfileQueries
from users.services.provisioning import Provisioning
from users.services.records import Edge, Neighbour, Viewer


@dataclass(frozen=True, slots=True)
class SocialGraph:
    """Follows and blocks. Every change may be repeated without a further effect."""

    profiles: ProfileQueries
    provisioning: Provisioning
    follows: EdgeReader
    blocks: EdgeReader
    transactions: Transactions[UnitOfWork]

    async def follow(self, follower_id: int, followee_id: int) -> None:
        """Follow somebody.

        Raises:
            CannotFollowYourself, UserNotFound.
            BlockedByThem: the followee has blocked the follower.
            BlockedByYou: the follower has blocked the followee.
        """
        if follower_id == followee_id:
            raise CannotFollowYourself("You cannot follow yourself.")

        async def change(work: UnitOfWork) -> None:
            blockers = await work.blocks.between(follower_id, followee_id)
            if followee_id in blockers:
                raise BlockedByThem("You cannot follow this person.")
            if blockers:
                raise BlockedByYou("You have blocked this person; end that first.")
            version = await work.follows.start(follower_id, followee_id)
            if version is not None:
                await work.profiles.count_follow(follower_id, followee_id, +1)
                await work.events.publish(follow_event(Edge(follower_id, followee_id, True, version)))

        await self._change(follower_id, followee_id, change)

    async def unfollow(self, follower_id: int, followee_id: int) -> None:
        async with self.transactions() as work:
            if await self._locked(work, follower_id, followee_id):
                await end_follow(work, follower_id, followee_id)

    async def block(self, blocker_id: int, blocked_id: int) -> None:
        """Block somebody. Ends following in both directions.

        Raises:
            CannotBlockYourself, UserNotFound.
        """
        if blocker_id == blocked_id:
            raise CannotBlockYourself("You cannot block yourself.")

        async def change(work: UnitOfWork) -> None:
            version = await work.blocks.start(blocker_id, blocked_id)
            if version is not None:
                await end_follow(work, blocker_id, blocked_id)
                await end_follow(work, blocked_id, blocker_id)
                await work.events.publish(block_event(Edge(blocker_id, blocked_id, True, version)))

        await self._change(blocker_id, blocked_id, change)

    async def unblock(self, blocker_id: int, blocked_id: int) -> None:
        """End a block. Earlier follows are not restored."""
        async with self.transactions() as work:
            if await self._locked(work, blocker_id, blocked_id):
                version = await work.blocks.end(blocker_id, blocked_id)
                if version is not None:
                    await work.events.publish(block_event(Edge(blocker_id, blocked_id, False, version)))

    async def followers(self, user_id: int, limit: int, after: Moment | None) -> Page[Neighbour]:
        """A person's followers, the newest first. Raises UserNotFound."""
        await self.profiles.get(user_id, Viewer())
        return await self.follows.origins(user_id, limit, after)

    async def following(self, user_id: int, limit: int, after: Moment | None) -> Page[Neighbour]:
        """The people that a person follows, the newest first. Raises UserNotFound."""
        await self.profiles.get(user_id, Viewer())
        return await self.follows.targets(user_id, limit, after)

    async def blocked(self, user_id: int, limit: int, after: Moment | None) -> Page[Neighbour]:
        """The people that a person blocks, the newest first. Only for that person."""
        return await self.blocks.targets(user_id, limit, after)

    async def _change(self, one: int, other: int, change: Callable[[UnitOfWork], Awaitable[None]]) -> None:
        """Lock both people and make a change. First creates missing profiles of new accounts, without a connection."""
        for _ in range(2):
            async with self.transactions() as work:
                known = await work.profiles.lock(one, other)
                if len(known) == 2:
                    return await change(work)
            for person in {one, other} - known:
                await self.provisioning.ensure_profile(person)
        raise UserNotFound("User not found")  # deleted meanwhile

    @staticmethod
    async def _locked(work: UnitOfWork, one: int, other: int) -> bool:
        """Lock both people; False if one is unknown, since then there is nothing between them to end."""
        return one != other and len(await work.profiles.lock(one, other)) == 2


async def end_follow(work: UnitOfWork, follower_id: int, followee_id: int) -> None:
    version = await work.follows.end(follower_id, followee_id)
    if version is not None:
        await work.profiles.count_follow(follower_id, followee_id, -1)
        await work.events.publish(follow_event(Edge(follower_id, followee_id, False, version)))
