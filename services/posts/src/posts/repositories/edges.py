"""The read models of follows and blocks, in PostgreSQL."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy.dialects.postgresql import Insert, insert

from common.db.database import Executor
from common.events.inbox import event_rows
from common.events.read_models import ReadModelTable
from common.state_events import Event
from posts.models import Block, Follow

KNOWN_FOLLOWS: Final = ReadModelTable((Follow.follower_id, Follow.followee_id), Follow.version)
KNOWN_BLOCKS: Final = ReadModelTable((Block.blocker_id, Block.blocked_id), Block.version)


def noting(table: type[Follow | Block], model: ReadModelTable) -> Insert:
    """Stores the state of an edge if it is newer."""
    new = insert(table)
    return new.on_conflict_do_update(
        index_elements=model.names,
        set_={"active": new.excluded.active, "version": new.excluded.version},
        where=model.version < new.excluded.version,
    )


NOTE_FOLLOW: Final = noting(Follow, KNOWN_FOLLOWS)
NOTE_BLOCK: Final = noting(Block, KNOWN_BLOCKS)


@dataclass(frozen=True, slots=True)
class EdgeRepository:
    """`EdgeStore` in PostgreSQL. Queries for posts read the edges."""

    session: Executor

    async def note_follows(self, follows: Sequence[Event]) -> None:
        await self.session.execute(NOTE_FOLLOW, event_rows(follows, "follower_id", "followee_id"))

    async def note_blocks(self, blocks: Sequence[Event]) -> None:
        await self.session.execute(NOTE_BLOCK, event_rows(blocks, "blocker_id", "blocked_id"))
