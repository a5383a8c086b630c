"""The table of pictures, one in each service that has some. Every object in the store belongs to a row.

A row exists before its objects are written, and until they are deleted. `open_until` is the time until which somebody
may still write them: by the link for the upload, or by encoding. Only afterwards they are deleted, and then the row. So
no crash leaves an object behind.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import BigInteger, DateTime, Index, Integer, Text, text
from sqlalchemy.orm import Mapped, declared_attr, mapped_column

from common.db.database import Executor
from common.db.rows import RowReader

UNFINISHED: Final = timedelta(hours=1)
"""How long an upload may stay unfinished."""
UNUSED: Final = timedelta(hours=24)
"""How long a picture may stay unused."""
MANY: Final = 50


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
    """When to check whether it is finished and used; null while it is."""
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
OPEN: Final = f"""
    UPDATE pictures SET open_until = greatest(open_until, {NOW} + CAST(:open AS interval)),
        check_at = CASE WHEN width IS NULL THEN {NOW} + CAST(:unfinished AS interval) ELSE check_at END
"""  # noqa: S608
OPEN_MINE: Final = text(f"{OPEN} {MINE} RETURNING {COLUMNS}")
OPEN_UNFINISHED: Final = text(f"{OPEN} WHERE name = :name AND removed_at IS NULL AND width IS NULL RETURNING {COLUMNS}")
FINISH: Final = text(f"""
    UPDATE pictures SET width = :width, height = :height, bytes = :bytes, check_at = {NOW} + CAST(:unused AS interval)
    {MINE} RETURNING {COLUMNS}
""")  # noqa: S608
SHOWN: Final = text(f"""
    SELECT {COLUMNS} FROM pictures WHERE name = :name AND width IS NOT NULL AND removed_at IS NULL
        AND NOT EXISTS (SELECT FROM erased WHERE erased.account_id = pictures.account_id)
""")  # noqa: S608
# Locked, so that it is not found unused meanwhile.
LOCK_FINISHED: Final = text(f"SELECT {COLUMNS} FROM pictures {MINE} AND width IS NOT NULL FOR UPDATE")  # noqa: S608
REMOVE_OTHERS: Final = text(f"""
    UPDATE pictures SET removed_at = {NOW}
    WHERE account_id = :account AND removed_at IS NULL AND width IS NOT NULL AND name IS DISTINCT FROM :name
""")  # noqa: S608
REMOVE_ALL: Final = text(
    f"UPDATE pictures SET removed_at = {NOW} WHERE account_id = :account AND removed_at IS NULL"  # noqa: S608
)
CHECK: Final = f"""
    WITH due AS (
        SELECT name, width IS NOT NULL AND ({{is_used}}) AS is_used FROM pictures
        WHERE check_at <= {NOW} AND removed_at IS NULL ORDER BY check_at LIMIT :most FOR UPDATE SKIP LOCKED
    )
    UPDATE pictures SET removed_at = CASE WHEN is_used THEN NULL ELSE {NOW} END, check_at = NULL
    FROM due WHERE pictures.name = due.name RETURNING pictures.name
"""  # noqa: S608
REMOVED: Final = f"""
    SELECT name FROM pictures WHERE removed_at IS NOT NULL AND open_until < {NOW} {{of}} ORDER BY removed_at LIMIT :most
"""  # noqa: S608
REMOVED_OF_ALL: Final = text(REMOVED.format(of=""))
REMOVED_OF_ONE: Final = text(REMOVED.format(of="AND account_id = :account"))
FORGET: Final = text(
    f"DELETE FROM pictures WHERE name = ANY (:names) AND removed_at IS NOT NULL AND open_until < {NOW} RETURNING name"  # noqa: S608
)
HAS_ANY: Final = text("SELECT EXISTS (SELECT FROM pictures WHERE account_id = :account)")
PICTURE: Final = RowReader(Picture)


@dataclass(frozen=True, slots=True)
class PictureRepository:
    """The rows of pictures, in PostgreSQL."""

    session: Executor

    async def count(self, account_id: int) -> int:
        number: int = (await self.session.execute(COUNT, {"account": account_id})).scalar_one()
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
        """None: it was removed meanwhile."""
        known = {"name": name, "account": account_id, "width": width, "height": height, "bytes": size}
        return PICTURE.one(await self.session.execute(FINISH, {**known, "unused": UNUSED}))

    async def shown(self, name: str) -> Picture | None:
        return PICTURE.one(await self.session.execute(SHOWN, {"name": name}))

    async def lock_finished(self, name: str, account_id: int) -> bool:
        """Whether the account has this picture. Nobody removes it until the transaction ends."""
        return bool((await self.session.execute(LOCK_FINISHED, {"name": name, "account": account_id})).all())

    async def remove_others(self, account_id: int, name: str | None) -> None:
        """Remove all finished pictures of an account but one."""
        await self.session.execute(REMOVE_OTHERS, {"account": account_id, "name": name})

    async def remove_all(self, account_id: int) -> None:
        await self.session.execute(REMOVE_ALL, {"account": account_id})

    async def removed(self, account_id: int | None = None) -> list[str]:
        """Names of some removed pictures whose objects nobody writes any more."""
        if account_id is None:
            return list((await self.session.execute(REMOVED_OF_ALL, {"most": MANY})).scalars())
        return list((await self.session.execute(REMOVED_OF_ONE, {"most": MANY, "account": account_id})).scalars())

    async def forget(self, names: list[str]) -> None:
        await self.session.execute(FORGET, {"names": names})

    async def has_any(self, account_id: int) -> bool:
        found: bool = (await self.session.execute(HAS_ANY, {"account": account_id})).scalar_one()
        return found
