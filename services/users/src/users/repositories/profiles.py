"""Profiles in PostgreSQL."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from sqlalchemy import ARRAY, BigInteger, bindparam, case, exists, func, select, update
from sqlalchemy.dialects.postgresql import insert

from common.database import Runs, of_version
from common.ports import Versions
from users.models import Authored, Follow
from users.models import Profile as Table
from users.services.records import AccountState, Card, Profile

VIEWER: Final = bindparam("viewer", type_=BigInteger)
GET: Final = (
    select(
        Table.id,
        Table.email,
        Table.name,
        Table.bio,
        Table.avatar_url,
        Table.followers_count,
        Table.following_count,
        func.coalesce(Authored.posts_count, 0),
        Table.version,
        case(
            (
                VIEWER.is_not(None),
                exists().where(Follow.follower_id == VIEWER, Follow.followee_id == Table.id, Follow.active),
            )
        ).label("following"),
    )
    .outerjoin(Authored, Authored.id == Table.id)
    .where(Table.id == bindparam("user"))
)
CARDS: Final = select(Table.id, Table.name, Table.avatar_url, Table.version).where(
    Table.id == func.any(bindparam("ids", type_=ARRAY(BigInteger)))
)
ARRIVE: Final = insert(Table).on_conflict_do_nothing(index_elements=[Table.id])
FOLLOWING_COUNT: Final = (
    update(Table)
    .where(Table.id == bindparam("person"))
    .values(following_count=Table.following_count + bindparam("step"))
)
FOLLOWERS_COUNT: Final = (
    update(Table)
    .where(Table.id == bindparam("person"))
    .values(followers_count=Table.followers_count + bindparam("step"))
)


@dataclass(frozen=True, slots=True)
class ProfileRepository:
    """`ProfileReader` and `ProfileStore` in PostgreSQL."""

    session: Runs

    async def get(self, user_id: int, viewer_id: int | None) -> Profile | None:
        row = (await self.session.execute(GET, {"user": user_id, "viewer": viewer_id})).one_or_none()
        return Profile(*row) if row else None

    async def cards(self, ids: Sequence[int]) -> Sequence[Card]:
        return [Card(*row) for row in await self.session.execute(CARDS, {"ids": list(ids)})]

    async def arrive(self, account: AccountState) -> None:
        values = asdict(account)
        values["account_version"] = values.pop("version")
        await self.session.execute(ARRIVE, values)

    async def edit(self, user_id: int, changes: Mapping[str, Any], expected: Versions) -> bool:
        statement = update(Table).where(Table.id == user_id, *of_version(Table.version, expected)).returning(Table.id)
        statement = statement.values(**changes, version=Table.version + 1, updated_at=func.now())
        return (await self.session.execute(statement)).one_or_none() is not None

    async def count_follow(self, follower_id: int, followee_id: int, step: int) -> None:
        """In ascending order of ids, so that two people who follow each other at once never wait in a circle."""
        updates = [(follower_id, FOLLOWING_COUNT), (followee_id, FOLLOWERS_COUNT)]
        for person, statement in sorted(updates, key=lambda pair: pair[0]):
            await self.session.execute(statement, {"person": person, "step": step})
