"""Edges between people in PostgreSQL: follows and blocks, which are stored alike."""

from collections.abc import Sequence, Set
from dataclasses import dataclass
from typing import Any, Final, Self

from sqlalchemy import BigInteger, Executable, Select, and_, bindparam, func, or_, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import InstrumentedAttribute

from common.db.database import Executor
from common.db.rows import RowReader
from common.ports import Page
from users.models import Block, Follow, Profile
from users.services.ports import Moment
from users.services.records import Edge, Neighbour

Column = InstrumentedAttribute[int]
Pages = tuple[Select[*tuple[Any, ...]], Select[*tuple[Any, ...]]]

ORIGIN: Final = bindparam("origin", type_=BigInteger)
TARGET: Final = bindparam("target", type_=BigInteger)


@dataclass(frozen=True, slots=True)
class Statements:
    """The statements for one table of edges."""

    start: Executable
    end: Executable
    between: Executable
    page: Executable
    targets: Pages
    origins: Pages

    @classmethod
    def of(cls, table: type[Follow] | type[Block], origin: Column, target: Column) -> Self:
        started = insert(table).values({origin.key: ORIGIN, target.key: TARGET, "active": True})
        return cls(
            start=started.on_conflict_do_update(
                index_elements=[origin, target],
                set_={"active": True, "version": table.version + 1, "since": func.clock_timestamp()},
                where=~table.active,
            ).returning(table.version),
            end=update(table)
            .where(origin == ORIGIN, target == TARGET, table.active)
            .values(active=False, version=table.version + 1)
            .returning(table.version),
            between=select(origin).where(
                or_(and_(origin == ORIGIN, target == TARGET), and_(origin == TARGET, target == ORIGIN)), table.active
            ),
            page=select(origin.label("origin_id"), target.label("target_id"), table.active, table.version)
            .where(tuple_(origin, target) > tuple_(ORIGIN, TARGET))
            .order_by(origin, target)
            .limit(bindparam("most")),
            targets=newest(table, origin, target),
            origins=newest(table, target, origin),
        )


def newest(table: type[Follow] | type[Block], mine: Column, others: Column) -> Pages:
    """The first page and a later one of the people at the other end, newest edges first, ties broken by id."""
    first = (
        select(Profile.id, Profile.name, Profile.avatar_url, table.since)
        .join(Profile, Profile.id == others)
        .where(mine == bindparam("person"), table.active)
        .order_by(table.since.desc(), others.desc())
        .limit(bindparam("limit"))
    )
    return first, first.where(tuple_(table.since, others) < tuple_(bindparam("since"), bindparam("other")))


FOLLOWS: Final = Statements.of(Follow, Follow.follower_id, Follow.followee_id)
BLOCKS: Final = Statements.of(Block, Block.blocker_id, Block.blocked_id)
EDGE: Final = RowReader(Edge)
NEIGHBOUR: Final = RowReader(Neighbour)


@dataclass(frozen=True, slots=True)
class EdgeRepository:
    """`EdgeReader` and `EdgeStore` in PostgreSQL."""

    session: Executor
    statements: Statements

    async def start(self, origin_id: int, target_id: int) -> int | None:
        return await self._changes(self.statements.start, origin_id, target_id)

    async def end(self, origin_id: int, target_id: int) -> int | None:
        return await self._changes(self.statements.end, origin_id, target_id)

    async def _changes(self, statement: Executable, origin_id: int, target_id: int) -> int | None:
        found = await self.session.execute(statement, {"origin": origin_id, "target": target_id})
        version: int | None = found.scalar_one_or_none()
        return version

    async def between(self, one: int, other: int) -> Set[int]:
        found = await self.session.execute(self.statements.between, {"origin": one, "target": other})
        return set(found.scalars())

    async def targets(self, origin_id: int, limit: int, after: Moment | None) -> Page[Neighbour]:
        return await self._newest(self.statements.targets, origin_id, limit, after)

    async def origins(self, target_id: int, limit: int, after: Moment | None) -> Page[Neighbour]:
        return await self._newest(self.statements.origins, target_id, limit, after)

    async def _newest(self, pages: Pages, person_id: int, limit: int, after: Moment | None) -> Page[Neighbour]:
        params: dict[str, Any] = {"person": person_id, "limit": limit + 1}
        if after:
            params |= {"since": after[0], "other": after[1]}
        return Page.cut(NEIGHBOUR.all(await self.session.execute(pages[bool(after)], params)), limit)

    async def page(self, after: tuple[int, int], limit: int) -> Sequence[Edge]:
        params = {"origin": after[0], "target": after[1], "most": limit}
        return EDGE.all(await self.session.execute(self.statements.page, params))
