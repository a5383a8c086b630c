"""Following and blocking, and the end of both.

Whoever changes something between two people first locks both profiles, in ascending order of their ids: so no two
changes of one pair cross, none wait for each other in a circle, and the counters are right.
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
    """Who follows and who blocks whom. Every change may be repeated without a further effect."""

    profiles: ProfileQueries
    provisioning: Provisioning
    follows: EdgeReader
    blocks: EdgeReader
    transactions: Transactions[UnitOfWork]

    async def follow(self, follower_id: int, followee_id: int) -> None:
        """Follow somebody.

        Raises:
            CannotFollowYourself, UserNotFound.
            BlockedByThem: they do not want it.
            BlockedByYou: the follower does not want them.
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
        """Block somebody: neither follows the other from here on.

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
        """No longer block somebody. Who followed whom before does not come back."""
        async with self.transactions() as work:
            if await self._locked(work, blocker_id, blocked_id):
                version = await work.blocks.end(blocker_id, blocked_id)
                if version is not None:
                    await work.events.publish(block_event(Edge(blocker_id, blocked_id, False, version)))

    async def followers(self, user_id: int, limit: int, after: Moment | None) -> Page[Neighbour]:
        """Who follows somebody, the newest first. Raises UserNotFound."""
        await self.profiles.get(user_id, Viewer())
        return await self.follows.origins(user_id, limit, after)

    async def following(self, user_id: int, limit: int, after: Moment | None) -> Page[Neighbour]:
        """Whom somebody follows, the newest first. Raises UserNotFound."""
        await self.profiles.get(user_id, Viewer())
        return await self.follows.targets(user_id, limit, after)

    async def blocked(self, user_id: int, limit: int, after: Moment | None) -> Page[Neighbour]:
        """Whom somebody blocks, the newest first. It is shown to nobody else."""
        return await self.blocks.targets(user_id, limit, after)

    async def _change(self, one: int, other: int, change: Callable[[UnitOfWork], Awaitable[None]]) -> None:
        """Work between two people; who has only just signed up gets a profile first, with no connection held."""
        for _ in range(2):
            async with self.transactions() as work:
                known = await work.profiles.lock(one, other)
                if len(known) == 2:
                    return await change(work)
            for person in {one, other} - known:
                await self.provisioning.ensure_profile(person)
        raise UserNotFound("User not found")  # deleted while they were welcomed

    @staticmethod
    async def _locked(work: UnitOfWork, one: int, other: int) -> bool:
        """Whether both are known; if not, there is nothing between them that could end."""
        return one != other and len(await work.profiles.lock(one, other)) == 2


async def end_follow(work: UnitOfWork, follower_id: int, followee_id: int) -> None:
    version = await work.follows.end(follower_id, followee_id)
    if version is not None:
        await work.profiles.count_follow(follower_id, followee_id, -1)
        await work.events.publish(follow_event(Edge(follower_id, followee_id, False, version)))
