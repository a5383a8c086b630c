"""The read model of who follows whom, in PostgreSQL."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy.dialects.postgresql import insert

from common.database import Runs
from common.events import Event
from common.inbox import rows
from common.read_models import Kept
from posts.models import Follow as Table

_NOTE = insert(Table)
NOTE: Final = _NOTE.on_conflict_do_update(
    index_elements=[Table.follower_id, Table.followee_id],
    set_={"active": _NOTE.excluded.active, "version": _NOTE.excluded.version},
    where=Table.version < _NOTE.excluded.version,
)

KNOWN_FOLLOWS: Final = Kept((Table.follower_id, Table.followee_id), Table.version)


@dataclass(frozen=True, slots=True)
class FollowRepository:
    """`EdgeStore` of follows in PostgreSQL."""

    session: Runs

    async def note(self, follows: Sequence[Event]) -> None:
        await self.session.execute(NOTE, rows(follows, "follower_id", "followee_id"))
