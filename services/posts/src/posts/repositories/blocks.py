"""The read model of who has blocked whom, in PostgreSQL."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy.dialects.postgresql import insert

from common.database import Runs
from common.events import Event
from common.inbox import rows
from common.read_models import Kept
from posts.models import Block as Table

_NOTE = insert(Table)
NOTE: Final = _NOTE.on_conflict_do_update(
    index_elements=[Table.blocker_id, Table.blocked_id],
    set_={"active": _NOTE.excluded.active, "version": _NOTE.excluded.version},
    where=Table.version < _NOTE.excluded.version,
)

KNOWN_BLOCKS: Final = Kept((Table.blocker_id, Table.blocked_id), Table.version)


@dataclass(frozen=True, slots=True)
class BlockRepository:
    """`EdgeStore` of blocks in PostgreSQL. Who is blocked is looked up with the post (`posts.repositories.posts`)."""

    session: Runs

    async def note(self, blocks: Sequence[Event]) -> None:
        await self.session.execute(NOTE, rows(blocks, "blocker_id", "blocked_id"))
