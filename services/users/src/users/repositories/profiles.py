"""Profiles in PostgreSQL."""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    ColumnExpressionArgument,
    Executable,
    Select,
    Text,
    bindparam,
    case,
    delete,
    exists,
    func,
    literal_column,
    select,
    tuple_,
    update,
)
from sqlalchemy.dialects.postgresql import insert

from common.db.database import Executor, version_matches, version_params
from common.events.inbox import event_rows
from common.events.read_models import ReadModelTable
from common.ports import Page, Versions
from common.state_events import Event
from users.models import Authored, Block, Follow
from users.models import Profile as Table
from users.repositories.names import as_pattern, as_stored
from users.services.records import AccountState, Profile, ProfileSummary

Shown = Select[*tuple[Any, ...]]
VIEWER: Final = bindparam("viewer", type_=BigInteger)


def from_viewer(*edge: ColumnExpressionArgument[bool]) -> ColumnElement[bool]:
    """Whether the viewer has such an edge; null if nobody in particular looks."""
    return case((VIEWER.is_not(None), exists().where(*edge)))


SHOWN: Final[Shown] = select(
    Table.id,
    Table.email,
    Table.name,
    Table.bio,
    Table.avatar_url,
    Table.followers_count,
    Table.following_count,
    func.coalesce(Authored.posts_count, 0),
    Table.version,
    from_viewer(Follow.follower_id == VIEWER, Follow.followee_id == Table.id, Follow.active).label("following"),
    from_viewer(Block.blocker_id == VIEWER, Block.blocked_id == Table.id, Block.active).label("blocked"),
).outerjoin(Authored, Authored.id == Table.id)
USER: Final = bindparam("user", type_=BigInteger)
GET: Final = SHOWN.where(Table.id == USER)
BATCH: Final = SHOWN.where(Table.id == func.any(bindparam("ids", type_=ARRAY(BigInteger))))
MOST_FOLLOWED: Final = (Table.followers_count.desc(), Table.id.desc())


def search(words: int) -> tuple[Shown, Shown]:
    """The first page and a later one of people whose names have so many words.

    The patterns come in sub-selects, so that the plan does not depend on them, and no index has the order of the
    answer: so PostgreSQL always goes by the index of names, and never through all people until it has found enough.
    """
    patterns = [select(bindparam(f"word{n}", type_=Text)).scalar_subquery() for n in range(words)]
    page = select(Table.id).where(*(Table.folded.like(pattern) for pattern in patterns))
    page = page.order_by(*MOST_FOLLOWED).limit(bindparam("limit", type_=BigInteger))
    place = tuple_(bindparam("followers", type_=BigInteger), bindparam("last", type_=BigInteger))
    later = page.where(tuple_(Table.followers_count, Table.id) < place)
    first_ids, later_ids = page.subquery(), later.subquery()
    return (
        SHOWN.join(first_ids, first_ids.c.id == Table.id).order_by(*MOST_FOLLOWED),
        SHOWN.join(later_ids, later_ids.c.id == Table.id).order_by(*MOST_FOLLOWED),
    )


MOST_WORDS: Final = 5
SEARCH: Final = [search(words) for words in range(1, MOST_WORDS + 1)]
LOCK: Final = (
    select(Table.id)
    .where(Table.id == func.any(bindparam("ids", type_=ARRAY(BigInteger))))
    .order_by(Table.id)
    .with_for_update(key_share=True)  # not against foreign keys to the row, which stay as they are
)
FOLD: Final = update(Table).where(Table.id == USER).values(folded=bindparam("folded"))
SUMMARIES: Final = select(Table.id, Table.name, Table.avatar_url, Table.version).where(
    Table.id == func.any(bindparam("ids", type_=ARRAY(BigInteger)))
)
SUMMARY: Final = (Table.id, Table.name, Table.avatar_url, Table.version)
PAGE: Final = select(*SUMMARY).where(Table.id > bindparam("after")).order_by(Table.id).limit(bindparam("most"))
_ACCOUNT = insert(Table)
# xmax is 0 in a row that was inserted and not updated: only then is the profile a new one
UPSERT_ACCOUNT: Final[Executable] = _ACCOUNT.on_conflict_do_update(
    index_elements=[Table.id],
    set_={"email": _ACCOUNT.excluded.email, "account_version": _ACCOUNT.excluded.account_version},
    where=Table.account_version < _ACCOUNT.excluded.account_version,
).returning(*SUMMARY, literal_column("xmax = 0").label("is_new"))
_AUTHORED = insert(Authored)
NOTE_AUTHORED: Final = _AUTHORED.on_conflict_do_update(
    index_elements=[Authored.id],
    set_={"posts_count": _AUTHORED.excluded.posts_count, "version": _AUTHORED.excluded.version},
    where=Authored.version < _AUTHORED.excluded.version,
)
FOLLOWER: Final = bindparam("follower", type_=BigInteger)
FOLLOWEE: Final = bindparam("followee", type_=BigInteger)
STEP: Final = bindparam("step", type_=BigInteger)
COUNT_FOLLOW: Final = (
    update(Table)
    .where(Table.id.in_([FOLLOWER, FOLLOWEE]))
    .values(
        following_count=Table.following_count + case((Table.id == FOLLOWER, STEP), else_=0),
        followers_count=Table.followers_count + case((Table.id == FOLLOWEE, STEP), else_=0),
    )
)

REMOVE: Final = (delete(Table).where(Table.id == USER), delete(Authored).where(Authored.id == USER))

KNOWN_ACCOUNTS: Final = ReadModelTable((Table.id,), Table.account_version, owned_here=True)
KNOWN_AUTHORS: Final = ReadModelTable((Authored.id,), Authored.version)


@dataclass(frozen=True, slots=True)
class ProfileRepository:
    """`ProfileReader`, `ProfileSearch` and `ProfileStore` in PostgreSQL."""

    session: Executor

    async def get(self, user_id: int, viewer_id: int | None) -> Profile | None:
        row = (await self.session.execute(GET, {"user": user_id, "viewer": viewer_id})).one_or_none()
        return Profile(*row) if row else None

    async def batch(self, ids: Sequence[int], viewer_id: int | None) -> Sequence[Profile]:
        return [Profile(*row) for row in await self.session.execute(BATCH, {"ids": list(ids), "viewer": viewer_id})]

    async def search(
        self, words: Sequence[str], viewer_id: int | None, limit: int, after: tuple[int, int] | None
    ) -> Page[Profile]:
        given = [*words[: MOST_WORDS - 1], " ".join(words[MOST_WORDS - 1 :])] if len(words) > MOST_WORDS else words
        patterns = [pattern for pattern in map(as_pattern, given) if pattern]
        if not patterns:
            return Page([], more=False)
        params: dict[str, Any] = {f"word{n}": pattern for n, pattern in enumerate(patterns)}
        params |= {"viewer": viewer_id, "limit": limit + 1}
        if after:
            params |= {"followers": after[0], "last": after[1]}
        rows = await self.session.execute(SEARCH[len(patterns) - 1][bool(after)], params)
        return Page.cut([Profile(*row) for row in rows], limit)

    async def summaries(self, ids: Sequence[int]) -> Sequence[ProfileSummary]:
        return [ProfileSummary(*row) for row in await self.session.execute(SUMMARIES, {"ids": list(ids)})]

    async def page(self, after: int, limit: int) -> Sequence[ProfileSummary]:
        return [ProfileSummary(*row) for row in await self.session.execute(PAGE, {"after": after, "most": limit})]

    async def note_authored(self, authors: Sequence[Event]) -> None:
        await self.session.execute(NOTE_AUTHORED, event_rows(authors, "id"))

    async def upsert_account(self, account: AccountState) -> ProfileSummary | None:
        values = {"id": account.id, "email": account.email, "name": account.name, "account_version": account.version}
        values["folded"] = as_stored(account.name)
        row = (await self.session.execute(UPSERT_ACCOUNT, values)).one_or_none()
        return ProfileSummary(*row[:4]) if row is not None and row.is_new else None

    async def remove(self, user_id: int) -> None:
        for statement in REMOVE:
            await self.session.execute(statement, {"user": user_id})

    async def edit(self, user_id: int, changes: Mapping[str, Any], expected: Versions) -> ProfileSummary | None:
        statement = update(Table).where(Table.id == user_id, version_matches(Table.version)).returning(*SUMMARY)
        statement = statement.values(**changes, version=Table.version + 1, updated_at=func.now())
        row = (await self.session.execute(statement, version_params(expected))).one_or_none()
        if row and "name" in changes:  # after the name, whose change clears it
            await self.session.execute(FOLD, {"user": user_id, "folded": as_stored(row.name)})
        return ProfileSummary(*row) if row else None

    async def lock(self, *ids: int) -> Set[int]:
        return set((await self.session.execute(LOCK, {"ids": list(ids)})).scalars())

    async def count_follow(self, follower_id: int, followee_id: int, step: int) -> None:
        await self.session.execute(COUNT_FOLLOW, {"follower": follower_id, "followee": followee_id, "step": step})
