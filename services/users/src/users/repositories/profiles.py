"""Profiles in PostgreSQL."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from sqlalchemy import ARRAY, BigInteger, Executable, bindparam, case, exists, func, literal_column, select, update
from sqlalchemy.dialects.postgresql import insert

from common.database import Runs, of_version, versions
from common.events import Event
from common.inbox import rows
from common.ports import Versions
from common.read_models import Kept
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
CARD: Final = (Table.id, Table.name, Table.avatar_url, Table.version)
PAGE: Final = select(*CARD).where(Table.id > bindparam("after")).order_by(Table.id).limit(bindparam("most"))
_ARRIVE = insert(Table)
# xmax is 0 in a row that was inserted and not updated: only then is the profile a new one
ARRIVE: Final[Executable] = _ARRIVE.on_conflict_do_update(
    index_elements=[Table.id],
    set_={"email": _ARRIVE.excluded.email, "account_version": _ARRIVE.excluded.account_version},
    where=Table.account_version < _ARRIVE.excluded.account_version,
).returning(*CARD, literal_column("xmax = 0").label("is_new"))
_AUTHORED = insert(Authored)
NOTE_AUTHORED: Final = _AUTHORED.on_conflict_do_update(
    index_elements=[Authored.id],
    set_={"posts_count": _AUTHORED.excluded.posts_count, "version": _AUTHORED.excluded.version},
    where=Authored.version < _AUTHORED.excluded.version,
)
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

KNOWN_ACCOUNTS: Final = Kept((Table.id,), Table.account_version)
KNOWN_AUTHORS: Final = Kept((Authored.id,), Authored.version)


@dataclass(frozen=True, slots=True)
class ProfileRepository:
    """`ProfileReader` and `ProfileStore` in PostgreSQL."""

    session: Runs

    async def get(self, user_id: int, viewer_id: int | None) -> Profile | None:
        row = (await self.session.execute(GET, {"user": user_id, "viewer": viewer_id})).one_or_none()
        return Profile(*row) if row else None

    async def cards(self, ids: Sequence[int]) -> Sequence[Card]:
        return [Card(*row) for row in await self.session.execute(CARDS, {"ids": list(ids)})]

    async def page(self, after: int, limit: int) -> Sequence[Card]:
        return [Card(*row) for row in await self.session.execute(PAGE, {"after": after, "most": limit})]

    async def note_authored(self, authors: Sequence[Event]) -> None:
        await self.session.execute(NOTE_AUTHORED, rows(authors, "id"))

    async def arrive(self, account: AccountState) -> Card | None:
        values = asdict(account)
        values["account_version"] = values.pop("version")
        row = (await self.session.execute(ARRIVE, values)).one_or_none()
        return Card(*row[:4]) if row is not None and row.is_new else None

    async def edit(self, user_id: int, changes: Mapping[str, Any], expected: Versions) -> Card | None:
        statement = update(Table).where(Table.id == user_id, of_version(Table.version)).returning(*CARD)
        statement = statement.values(**changes, version=Table.version + 1, updated_at=func.now())
        row = (await self.session.execute(statement, versions(expected))).one_or_none()
        return Card(*row) if row else None

    async def count_follow(self, follower_id: int, followee_id: int, step: int) -> None:
        """In ascending order of ids, so that two people who follow each other at once never wait in a circle."""
        updates = [(follower_id, FOLLOWING_COUNT), (followee_id, FOLLOWERS_COUNT)]
        for person, statement in sorted(updates, key=lambda pair: pair[0]):
            await self.session.execute(statement, {"person": person, "step": step})
