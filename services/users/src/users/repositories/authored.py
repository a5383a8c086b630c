# file: only with posts
"""Numbers of published posts in PostgreSQL: a read model of posts."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from common.db.database import Executor
from common.events.inbox import event_rows
from common.events.read_models import ReadModelTable
from common.state_events import Event
from users.models import Authored

_AUTHORED = insert(Authored)
NOTE: Final = _AUTHORED.on_conflict_do_update(
    index_elements=[Authored.id],
    set_={"posts_count": _AUTHORED.excluded.posts_count, "version": _AUTHORED.excluded.version},
    where=Authored.version < _AUTHORED.excluded.version,
)
REMOVE: Final = sa.delete(Authored).where(Authored.id == sa.bindparam("user", type_=sa.BigInteger))
KNOWN_AUTHORS: Final = ReadModelTable((Authored.id,), Authored.version)


@dataclass(frozen=True, slots=True)
class AuthoredRepository:
    """`AuthoredStore` in PostgreSQL."""

    session: Executor

    async def note(self, authors: Sequence[Event]) -> None:
        await self.session.execute(NOTE, event_rows(authors, "id"))

    async def remove(self, user_id: int) -> None:
        await self.session.execute(REMOVE, {"user": user_id})
