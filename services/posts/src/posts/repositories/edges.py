"""The read models of who follows and who has blocked whom, in PostgreSQL."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy.dialects.postgresql import Insert, insert

from common.db.database import Runs
from common.events.inbox import rows
from common.events.read_models import Kept
from common.state_events import Event
from posts.models import Block, Follow

KNOWN_FOLLOWS: Final = Kept((Follow.follower_id, Follow.followee_id), Follow.version)
KNOWN_BLOCKS: Final = Kept((Block.blocker_id, Block.blocked_id), Block.version)


def noting(table: type[Follow | Block], kept: Kept) -> Insert:
    """Stores the newer state of an edge."""
    new = insert(table)
    return new.on_conflict_do_update(
        index_elements=kept.names,
        set_={"active": new.excluded.active, "version": new.excluded.version},
        where=kept.version < new.excluded.version,
    )


NOTE_FOLLOW: Final = noting(Follow, KNOWN_FOLLOWS)
NOTE_BLOCK: Final = noting(Block, KNOWN_BLOCKS)


@dataclass(frozen=True, slots=True)
class EdgeRepository:
    """`EdgeStore` in PostgreSQL. Edges are looked up with the posts that they concern."""

    session: Runs

    async def note_follows(self, follows: Sequence[Event]) -> None:
        await self.session.execute(NOTE_FOLLOW, rows(follows, "follower_id", "followee_id"))

    async def note_blocks(self, blocks: Sequence[Event]) -> None:
        await self.session.execute(NOTE_BLOCK, rows(blocks, "blocker_id", "blocked_id"))
