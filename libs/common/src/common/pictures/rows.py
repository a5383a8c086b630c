"""The table of pictures, one in each service that has some. Every object in the store belongs to a row.

A row exists before its objects are written, and until they are deleted. `open_until` is the time until which somebody
may still write them: by the link for the upload, or by encoding. Only afterwards they are deleted, and then the row. So
no crash leaves an object behind.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import BigInteger, DateTime, Executable, Index, Integer, Text, text
from sqlalchemy.orm import Mapped, declared_attr, mapped_column

from common.db.database import Executor
from common.db.rows import RowReader

UNFINISHED: Final = timedelta(hours=1)
"""How long an upload may stay unfinished."""
UNUSED: Final = timedelta(hours=24)
"""How long a picture may stay unused."""
AGAIN: Final = timedelta(hours=1)
"""Until a picture is checked after a text or profile with it has changed, or after a check that failed."""
USED: Final = timedelta(days=30)
"""Until a used picture is checked again: not every change that ends its use reports that."""
MANY: Final = 50
FEW: Final = 5


class PictureRow:
    """Columns of the table `pictures`."""

    __tablename__ = "pictures"

    @declared_attr.directive
    @classmethod
    def __table_args__(cls) -> tuple[Index, ...]:
        return (
            Index("ix_pictures_account", "account_id", "name"),
            Index("ix_pictures_check_at", "check_at", postgresql_where=text("removed_at IS NULL")),
            Index("ix_pictures_removed_at", "removed_at", postgresql_where=text("removed_at IS NOT NULL")),
        )

    name: Mapped[str] = mapped_column(Text, primary_key=True)
    """Random, so that only those can see the picture to whom its address is shown."""
    account_id: Mapped[int] = mapped_column(BigInteger)
    """auth's id of its owner."""
    width: Mapped[int | None] = mapped_column(Integer)
    """Of the large file; null until the upload is finished."""
    height: Mapped[int | None] = mapped_column(Integer)
    bytes: Mapped[int | None] = mapped_column(Integer)
    """Of all its files."""
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=text("clock_timestamp()"))
    open_until: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    check_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    """When to check whether it is finished and used."""
    removed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    """From then on it is not shown."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture; without width and height until its upload is finished."""

    name: str
    width: int | None
    height: int | None


NOW: Final = "clock_timestamp()"
COLUMNS: Final = "name, width, height"
MINE: Final = "WHERE name = :name AND account_id = :account AND removed_at IS NULL"
COUNT: Final = text("SELECT count(*) FROM pictures WHERE account_id = :account AND removed_at IS NULL")
ADD: Final = text(f"""
    INSERT INTO pictures (name, account_id, open_until, check_at)
    VALUES (:name, :account, {NOW} + CAST(:open AS interval), {NOW} + CAST(:unfinished AS interval)) RETURNING {COLUMNS}
""")  # noqa: S608  # constants, as below
# `open_until` never goes back: the link may be good for longer than the encoding takes.
COUNT_UNFINISHED: Final = text(f"""
    SELECT count(*) FROM pictures WHERE account_id = :account AND width IS NULL
        AND (open_until > {NOW} OR removed_at IS NULL AND check_at > {NOW})
""")  # noqa: S608  # until its link has expired, a refused one counts too
OPEN: Final = f"""
    UPDATE pictures SET open_until = greatest(open_until, {NOW} + CAST(:open AS interval)),
        check_at = CASE WHEN width IS NULL THEN {NOW} + CAST(:unfinished AS interval) ELSE check_at END
"""  # noqa: S608
OPEN_MINE: Final = text(f"{OPEN} {MINE} RETURNING {COLUMNS}")
OPEN_UNFINISHED: Final = text(f"{OPEN} WHERE name = :name AND removed_at IS NULL AND width IS NULL RETURNING {COLUMNS}")
FINISH: Final = text(f"""
    UPDATE pictures SET width = :width, height = :height, bytes = :bytes, check_at = {NOW} + CAST(:unused AS interval)
    {MINE} AND width IS NULL RETURNING {COLUMNS}
""")  # noqa: S608
SELECT_MINE: Final = text(f"SELECT {COLUMNS} FROM pictures {MINE}")  # noqa: S608
REFUSE: Final = text(f"UPDATE pictures SET check_at = {NOW} {MINE} AND width IS NULL")  # noqa: S608
SHOWN: Final = text(f"""
    SELECT {COLUMNS} FROM pictures WHERE name = :name AND width IS NOT NULL AND removed_at IS NULL
        AND NOT EXISTS (SELECT FROM erased WHERE erased.account_id = pictures.account_id)
""")  # noqa: S608
# Changed, not only locked: a check that began before has another `check_at`, and so does not find it unused.
KEEP_FINISHED: Final = text(f"""
    UPDATE pictures SET check_at = {NOW} + CAST(:again AS interval) {MINE} AND width IS NOT NULL RETURNING name
""")  # noqa: S608
# All who change several pictures lock them in the order of their names.
REMOVE: Final = f"""
    UPDATE pictures SET removed_at = {NOW} WHERE name = ANY (ARRAY(
        SELECT name FROM pictures WHERE {{which}} AND removed_at IS NULL ORDER BY name FOR UPDATE))
"""  # noqa: S608
REMOVE_OTHERS: Final = text(
    REMOVE.format(which="account_id = :account AND width IS NOT NULL AND name IS DISTINCT FROM :name")
)
REMOVE_ALL: Final = text(REMOVE.format(which="account_id = :account"))
# now(), since the index cannot be searched for a time that changes while the statement runs.
CLAIM: Final = text(f"""
    UPDATE pictures SET check_at = {NOW} + CAST(:again AS interval) WHERE name = ANY (ARRAY(
        SELECT name FROM pictures WHERE check_at <= now() AND removed_at IS NULL
        ORDER BY check_at LIMIT :most FOR UPDATE SKIP LOCKED))
    RETURNING name, check_at
""")  # noqa: S608
CHECK: Final = f"""
    WITH due AS (
        SELECT name, width IS NOT NULL AND ({{is_used}}) AS is_used FROM pictures
        WHERE name = :name AND check_at = :claimed AND removed_at IS NULL FOR UPDATE SKIP LOCKED
    )
    UPDATE pictures SET removed_at = CASE WHEN is_used THEN NULL ELSE {NOW} END,
        check_at = CASE WHEN is_used THEN {NOW} + CAST(:used AS interval) END
    FROM due WHERE pictures.name = due.name
"""  # noqa: S608
# In random order, so that one whose objects cannot be deleted does not hold up the others.
REMOVED: Final = f"""
    SELECT name FROM pictures WHERE removed_at IS NOT NULL AND open_until < {NOW} {{of}} ORDER BY random() LIMIT :most
"""  # noqa: S608
REMOVED_OF_ALL: Final = text(REMOVED.format(of=""))
REMOVED_OF_ONE: Final = text(REMOVED.format(of="AND account_id = :account"))
FORGET: Final = text(
    f"DELETE FROM pictures WHERE name = :name AND removed_at IS NOT NULL AND open_until < {NOW}"  # noqa: S608
)
ANY: Final = text("SELECT EXISTS (SELECT FROM pictures)")
HAS_ANY: Final = text("SELECT EXISTS (SELECT FROM pictures WHERE account_id = :account)")
PICTURE: Final = RowReader(Picture)


@dataclass(frozen=True, slots=True)
class PictureRepository:
    """The rows of pictures, in PostgreSQL."""

    session: Executor

    async def count(self, account_id: int) -> int:
        number: int = (await self.session.execute(COUNT, {"account": account_id})).scalar_one()
        return number

    async def count_unfinished(self, account_id: int) -> int:
        """Uploads that may still go on, or were not finished in time to be counted out."""
        number: int = (await self.session.execute(COUNT_UNFINISHED, {"account": account_id})).scalar_one()
        return number

    async def add(self, name: str, account_id: int, open_for: timedelta) -> Picture | None:
        """Add an unfinished picture. None: the account was deleted."""
        params = {"name": name, "account": account_id, "open": open_for, "unfinished": UNFINISHED}
        return PICTURE.one(await self.session.execute(ADD, params))

    async def keep_open(self, name: str, open_for: timedelta, account_id: int | None = None) -> Picture | None:
        """Keep its objects from being deleted for a while. Without an account: an unfinished one, whoever owns it."""
        params = {"name": name, "open": open_for, "unfinished": UNFINISHED}
        if account_id is None:
            return PICTURE.one(await self.session.execute(OPEN_UNFINISHED, params))
        return PICTURE.one(await self.session.execute(OPEN_MINE, {**params, "account": account_id}))

    async def finish(self, name: str, account_id: int, width: int, height: int, size: int) -> Picture | None:
        """None: it was removed meanwhile, or is already finished."""
        known = {"name": name, "account": account_id, "width": width, "height": height, "bytes": size}
        return PICTURE.one(await self.session.execute(FINISH, {**known, "unused": UNUSED}))

    async def mine(self, name: str, account_id: int) -> Picture | None:
        return PICTURE.one(await self.session.execute(SELECT_MINE, {"name": name, "account": account_id}))

    async def refuse(self, name: str, account_id: int) -> None:
        """Remove an unfinished one soon, unless its upload goes on."""
        await self.session.execute(REFUSE, {"name": name, "account": account_id})

    async def shown(self, name: str) -> Picture | None:
        return PICTURE.one(await self.session.execute(SHOWN, {"name": name}))

    async def keep_finished(self, name: str, account_id: int) -> bool:
        """Whether the account has this picture. It is locked, and not found unused for an hour."""
        params = {"name": name, "account": account_id, "again": AGAIN}
        return bool((await self.session.execute(KEEP_FINISHED, params)).all())

    async def remove_others(self, account_id: int, name: str | None) -> None:
        """Remove all finished pictures of an account but one."""
        await self.session.execute(REMOVE_OTHERS, {"account": account_id, "name": name})

    async def remove_all(self, account_id: int) -> None:
        await self.session.execute(REMOVE_ALL, {"account": account_id})

    async def claim_due(self) -> list[tuple[str, datetime]]:
        """Names of a few pictures that are due for a check, and the time of the next one if this fails."""
        rows = await self.session.execute(CLAIM, {"most": FEW, "again": AGAIN})
        return [(row.name, row.check_at) for row in rows]

    async def check(self, check: Executable, name: str, claimed: datetime) -> None:
        """Remove a claimed picture if it is unfinished or unused. Nothing, if it was used meanwhile."""
        await self.session.execute(check, {"name": name, "claimed": claimed, "used": USED})

    async def removed(self, account_id: int | None = None) -> list[str]:
        """Names of some removed pictures whose objects nobody writes any more."""
        if account_id is None:
            return list((await self.session.execute(REMOVED_OF_ALL, {"most": MANY})).scalars())
        return list((await self.session.execute(REMOVED_OF_ONE, {"most": MANY, "account": account_id})).scalars())

    async def forget(self, name: str) -> None:
        await self.session.execute(FORGET, {"name": name})

    async def any(self) -> bool:
        """Whether this service has any picture, also of those that were removed."""
        found: bool = (await self.session.execute(ANY)).scalar_one()
        return found

    async def has_any(self, account_id: int) -> bool:
        found: bool = (await self.session.execute(HAS_ANY, {"account": account_id})).scalar_one()
        return found
