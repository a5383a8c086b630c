"""Edges in PostgreSQL."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Select, bindparam, func, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import InstrumentedAttribute

from common.database import Runs
from common.ports import Slice
from users.models import Follow as Table
from users.models import Profile
from users.services.records import Edge, Follower

FOLLOW: Final = (
    insert(Table)
    .values(follower_id=bindparam("follower"), followee_id=bindparam("followee"), active=True)
    .on_conflict_do_update(
        index_elements=[Table.follower_id, Table.followee_id],
        set_={"active": True, "version": Table.version + 1, "since": func.clock_timestamp()},
        where=~Table.active,
    )
    .returning(Table.version)
)
UNFOLLOW: Final = (
    update(Table)
    .where(Table.follower_id == bindparam("follower"), Table.followee_id == bindparam("followee"), Table.active)
    .values(active=False, version=Table.version + 1)
    .returning(Table.version)
)
PAGE: Final = (
    select(Table.follower_id, Table.followee_id, Table.active, Table.version)
    .where(tuple_(Table.follower_id, Table.followee_id) > tuple_(bindparam("follower"), bindparam("followee")))
    .order_by(Table.follower_id, Table.followee_id)
    .limit(bindparam("most"))
)

Pages = tuple[Select[*tuple[Any, ...]], Select[*tuple[Any, ...]]]


def edges(mine: InstrumentedAttribute[int], others: InstrumentedAttribute[int]) -> Pages:
    """The first page and a later one, newest edges first, ties broken by id."""
    first = (
        select(Profile.id, Profile.name, Profile.avatar_url, Table.since)
        .join(Profile, Profile.id == others)
        .where(mine == bindparam("person"), Table.active)
        .order_by(Table.since.desc(), others.desc())
        .limit(bindparam("limit"))
    )
    return first, first.where(tuple_(Table.since, others) < tuple_(bindparam("since"), bindparam("other")))


FOLLOWERS: Final = edges(Table.followee_id, Table.follower_id)
FOLLOWING: Final = edges(Table.follower_id, Table.followee_id)


@dataclass(frozen=True, slots=True)
class FollowRepository:
    """`FollowReader` and `FollowStore` in PostgreSQL."""

    session: Runs

    async def follow(self, follower_id: int, followee_id: int) -> int | None:
        return await self._changes(FOLLOW, follower_id, followee_id)

    async def unfollow(self, follower_id: int, followee_id: int) -> int | None:
        return await self._changes(UNFOLLOW, follower_id, followee_id)

    async def _changes(self, statement: Any, follower_id: int, followee_id: int) -> int | None:
        found = await self.session.execute(statement, {"follower": follower_id, "followee": followee_id})
        version: int | None = found.scalar_one_or_none()
        return version

    async def followers(self, user_id: int, limit: int, after: tuple[datetime, int] | None) -> Slice[Follower]:
        return await self._page(FOLLOWERS, user_id, limit, after)

    async def following(self, user_id: int, limit: int, after: tuple[datetime, int] | None) -> Slice[Follower]:
        return await self._page(FOLLOWING, user_id, limit, after)

    async def _page(
        self, statements: Pages, user_id: int, limit: int, after: tuple[datetime, int] | None
    ) -> Slice[Follower]:
        params: dict[str, Any] = {"person": user_id, "limit": limit + 1}
        if after:
            params |= {"since": after[0], "other": after[1]}
        rows = await self.session.execute(statements[bool(after)], params)
        return Slice.cut([Follower(*row) for row in rows], limit)

    async def page(self, after: tuple[int, int], limit: int) -> Sequence[Edge]:
        params = {"follower": after[0], "followee": after[1], "most": limit}
        return [Edge(*row) for row in await self.session.execute(PAGE, params)]
