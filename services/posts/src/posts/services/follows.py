"""Follows, fetched from users for a caller who has just changed one. Events bring them to everybody a moment later."""

from dataclasses import dataclass

from common.ports import Transactions
from posts.services.ports import FollowClient, UnitOfWork


@dataclass(frozen=True, slots=True)
class FollowDirectory:
    """The read model of follows (read-your-writes)."""

    follows: FollowClient
    transactions: Transactions[UnitOfWork]

    async def refresh(self, follower_id: int, followee_id: int) -> None:
        """Store the current state of one follow. No connection is held during the call.

        Raises:
            DependencyUnavailable: users is unavailable. The event will arrive all the same.
        """
        found = await self.follows.get(follower_id, followee_id)
        if found:
            async with self.transactions() as work:
                await work.edges.note_follows(found)
