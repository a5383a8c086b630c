"""Profiles in PostgreSQL."""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from common.db.database import Executor, version_matches, version_params
from common.db.rows import RowReader
from common.events.read_models import ReadModelTable
from common.ports import Page, Versions
from users.models import Authored, Block, Follow
from users.models import Profile as Table
from users.repositories.names import as_pattern, as_stored
from users.services.records import AccountState, Profile, ProfileSummary

Shown = sa.Select[*tuple[Any, ...]]
VIEWER: Final = sa.bindparam("viewer", type_=sa.BigInteger)


def from_viewer(*edge: sa.ColumnExpressionArgument[bool]) -> sa.ColumnElement[bool]:
    """Whether the viewer has such an edge; null without a viewer."""
    return sa.case((VIEWER.is_not(None), sa.exists().where(*edge)))


SHOWN: Shown = sa.select(
    Table.id,
    Table.email,
    Table.name,
    Table.username,
    Table.bio,
    Table.avatar_url,
    Table.followers_count,
    Table.following_count,
    sa.func.coalesce(Authored.posts_count, 0).label("posts_count"),  # only with posts
    Table.version,
    from_viewer(Follow.follower_id == VIEWER, Follow.followee_id == Table.id, Follow.active).label("following"),
    from_viewer(Block.blocker_id == VIEWER, Block.blocked_id == Table.id, Block.active).label("blocked"),
)
SHOWN = SHOWN.outerjoin(Authored, Authored.id == Table.id)  # only with posts
USER: Final = sa.bindparam("user", type_=sa.BigInteger)
GET: Final = SHOWN.where(Table.id == USER)
BATCH: Final = SHOWN.where(Table.id == sa.func.any(sa.bindparam("ids", type_=sa.ARRAY(sa.BigInteger))))
BY_USERNAME: Final = SHOWN.where(
    sa.func.lower(Table.username) == sa.any_(sa.bindparam("names", type_=sa.ARRAY(sa.Text)))
).order_by(Table.id)
MOST_FOLLOWED: Final = (Table.followers_count.desc(), Table.id.desc())


def search(words: int) -> tuple[Shown, Shown]:
    """The first page and a later one of a search for so many words of names.

    The patterns are in sub-selects, so that the plan does not depend on them, and no index has the order of the answer.
    So PostgreSQL always uses the index of names, and never scans all people until it has found enough.
    """
    patterns = [sa.select(sa.bindparam(f"word{n}", type_=sa.Text)).scalar_subquery() for n in range(words)]
    page = sa.select(Table.id).where(*(Table.folded.like(pattern) for pattern in patterns))
    page = page.order_by(*MOST_FOLLOWED).limit(sa.bindparam("limit", type_=sa.BigInteger))
    place = sa.tuple_(sa.bindparam("followers", type_=sa.BigInteger), sa.bindparam("last", type_=sa.BigInteger))
    later = page.where(sa.tuple_(Table.followers_count, Table.id) < place)
    first_ids, later_ids = page.subquery(), later.subquery()
    return (
        SHOWN.join(first_ids, first_ids.c.id == Table.id).order_by(*MOST_FOLLOWED),
        SHOWN.join(later_ids, later_ids.c.id == Table.id).order_by(*MOST_FOLLOWED),
    )


MOST_WORDS: Final = 5
SEARCH: Final = [search(words) for words in range(1, MOST_WORDS + 1)]
LOCK: Final = (
    sa.select(Table.id)
    .where(Table.id == sa.func.any(sa.bindparam("ids", type_=sa.ARRAY(sa.BigInteger))))
    .order_by(Table.id)
    .with_for_update(key_share=True)  # foreign keys may still refer to the row
)
FOLD: Final = sa.update(Table).where(Table.id == USER).values(folded=sa.bindparam("folded"))
SUMMARY: Final = (Table.id, Table.name, Table.avatar_url, Table.version)
# Each further parameter changes the column of its name.
EDIT: Final = (
    sa.update(Table)
    .where(Table.id == USER, version_matches(Table.version))
    .values(version=Table.version + 1, updated_at=sa.func.now())
    .returning(*SUMMARY)
)
SUMMARIES: Final = sa.select(*SUMMARY).where(
    Table.id == sa.func.any(sa.bindparam("ids", type_=sa.ARRAY(sa.BigInteger)))
)
PAGE: Final = sa.select(*SUMMARY).where(Table.id > sa.bindparam("after")).order_by(Table.id).limit(sa.bindparam("most"))
_ACCOUNT = insert(Table)
# xmax is 0 in a row that was inserted and not updated: only then is the profile new.
UPSERT_ACCOUNT: Final[sa.Executable] = _ACCOUNT.on_conflict_do_update(
    index_elements=[Table.id],
    set_={name: _ACCOUNT.excluded[name] for name in ("email", "username", "account_version")},
    where=Table.account_version < _ACCOUNT.excluded.account_version,
).returning(*SUMMARY, sa.literal_column("xmax = 0").label("is_new"))
FOLLOWER: Final = sa.bindparam("follower", type_=sa.BigInteger)
FOLLOWEE: Final = sa.bindparam("followee", type_=sa.BigInteger)
STEP: Final = sa.bindparam("step", type_=sa.BigInteger)
COUNT_FOLLOW: Final = (
    sa.update(Table)
    .where(Table.id.in_([FOLLOWER, FOLLOWEE]))
    .values(
        following_count=Table.following_count + sa.case((Table.id == FOLLOWER, STEP), else_=0),
        followers_count=Table.followers_count + sa.case((Table.id == FOLLOWEE, STEP), else_=0),
    )
)

REMOVE: Final = sa.delete(Table).where(Table.id == USER)

KNOWN_ACCOUNTS: Final = ReadModelTable((Table.id,), Table.account_version, owned_here=True)
PROFILE: Final = RowReader(Profile)
PROFILE_SUMMARY: Final = RowReader(ProfileSummary)


@dataclass(frozen=True, slots=True)
class ProfileRepository:
    """`ProfileReader`, `ProfileSearch` and `ProfileStore` in PostgreSQL."""

    session: Executor

    async def get(self, user_id: int, viewer_id: int | None) -> Profile | None:
        return PROFILE.one(await self.session.execute(GET, {"user": user_id, "viewer": viewer_id}))

    async def batch(self, ids: Sequence[int], viewer_id: int | None) -> Sequence[Profile]:
        return PROFILE.all(await self.session.execute(BATCH, {"ids": list(ids), "viewer": viewer_id}))

    async def by_username(self, names: Sequence[str], viewer_id: int | None) -> Sequence[Profile]:
        return PROFILE.all(await self.session.execute(BY_USERNAME, {"names": list(names), "viewer": viewer_id}))

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
        found = await self.session.execute(SEARCH[len(patterns) - 1][bool(after)], params)
        return Page.cut(PROFILE.all(found), limit)

    async def summaries(self, ids: Sequence[int]) -> Sequence[ProfileSummary]:
        return PROFILE_SUMMARY.all(await self.session.execute(SUMMARIES, {"ids": list(ids)}))

    async def page(self, after: int, limit: int) -> Sequence[ProfileSummary]:
        return PROFILE_SUMMARY.all(await self.session.execute(PAGE, {"after": after, "most": limit}))

    async def upsert_account(self, account: AccountState) -> ProfileSummary | None:
        values = {
            "id": account.id,
            "email": account.email,
            "name": account.name,
            "username": account.username,
            "account_version": account.version,
            "folded": as_stored(account.name),
        }
        row = (await self.session.execute(UPSERT_ACCOUNT, values)).one_or_none()
        return PROFILE_SUMMARY.read(row) if row is not None and row.is_new else None

    async def remove(self, user_id: int) -> None:
        await self.session.execute(REMOVE, {"user": user_id})

    async def edit(self, user_id: int, changes: Mapping[str, Any], expected: Versions) -> ProfileSummary | None:
        params = {"user": user_id, **changes, **version_params(expected)}
        row = (await self.session.execute(EDIT, params)).one_or_none()
        if row and "name" in changes:  # after the name, whose change clears this column
            await self.session.execute(FOLD, {"user": user_id, "folded": as_stored(row.name)})
        return PROFILE_SUMMARY.read(row) if row else None

    async def lock(self, *ids: int) -> Set[int]:
        return set((await self.session.execute(LOCK, {"ids": list(ids)})).scalars())

    async def count_follow(self, follower_id: int, followee_id: int, step: int) -> None:
        await self.session.execute(COUNT_FOLLOW, {"follower": follower_id, "followee": followee_id, "step": step})
