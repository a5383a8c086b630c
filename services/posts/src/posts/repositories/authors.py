"""The read model of authors, in PostgreSQL."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import ARRAY, BigInteger, bindparam, func, select
from sqlalchemy.dialects.postgresql import insert

from common.db.database import Executor
from common.db.rows import RowReader
from common.events.inbox import event_rows
from common.events.read_models import ReadModelTable
from common.state_events import Event
from posts.models import Author as Table
from posts.models import AuthorStats as StatsTable
from posts.services.records import Author, AuthorStats

KNOWN: Final = select(Table.id, Table.name, Table.avatar_url).where(
    Table.id == func.any(bindparam("ids", type_=ARRAY(BigInteger)))
)
_PROFILE = insert(Table)
NOTE_PROFILE: Final = _PROFILE.on_conflict_do_update(
    index_elements=[Table.id],
    set_={name: _PROFILE.excluded[name] for name in ("name", "avatar_url", "version")},
    where=Table.version < _PROFILE.excluded.version,
)
# Version 0: the name given at sign-up, until users sends the profile.
NOTE_ACCOUNT: Final = insert(Table).values(version=0).on_conflict_do_nothing(index_elements=[Table.id])
COUNT: Final = (
    insert(StatsTable)
    .values(author_id=bindparam("author"), posts_count=bindparam("first"))
    .on_conflict_do_update(
        index_elements=[StatsTable.author_id],
        set_={"posts_count": StatsTable.posts_count + bindparam("step"), "version": StatsTable.version + 1},
    )
    .returning(StatsTable.author_id, StatsTable.posts_count, StatsTable.version)
)
PAGE: Final = (
    select(StatsTable.author_id, StatsTable.posts_count, StatsTable.version)
    .where(StatsTable.author_id > bindparam("after"))
    .order_by(StatsTable.author_id)
    .limit(bindparam("most"))
)

KNOWN_PROFILES: Final = ReadModelTable((Table.id,), Table.version)
AUTHOR: Final = RowReader(Author)
AUTHOR_STATS: Final = RowReader(AuthorStats)


@dataclass(frozen=True, slots=True)
class AuthorRepository:
    """`AuthorStore` in PostgreSQL."""

    session: Executor

    async def known(self, ids: Collection[int]) -> Mapping[int, Author]:
        found = await self.session.execute(KNOWN, {"ids": list(ids)})
        return {author.id: author for author in AUTHOR.all(found)}

    async def note_profiles(self, profiles: Sequence[Event]) -> None:
        if profiles:
            # in the same order everywhere, so that a reader and the inbox do not deadlock
            ordered = sorted(profiles, key=lambda profile: profile.key)
            await self.session.execute(NOTE_PROFILE, event_rows(ordered, "id"))

    async def note_accounts(self, accounts: Sequence[Event]) -> None:
        people = [{"id": row["id"], "name": row["name"]} for row in event_rows(accounts, "id")]
        await self.session.execute(NOTE_ACCOUNT, people)


@dataclass(frozen=True, slots=True)
class StatsRepository:
    """`StatsStore` in PostgreSQL."""

    session: Executor

    async def count(self, author_id: int, step: int) -> AuthorStats | None:
        params = {"author": author_id, "step": step, "first": max(step, 0)}
        return AUTHOR_STATS.one(await self.session.execute(COUNT, params))

    async def page(self, after: int, limit: int) -> Sequence[AuthorStats]:
        return AUTHOR_STATS.all(await self.session.execute(PAGE, {"after": after, "most": limit}))
