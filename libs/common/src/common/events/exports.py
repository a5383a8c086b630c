"""The data that a service holds about one account, page by page, for `GET /users/me/export`.

A service lists its sections, each with one statement; `ExportReader` makes pages of them. A page ends once it is large
enough. So a service holds only that much of an account in memory, and no connection between pages.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import Query
from pydantic import BaseModel, Field
from pydantic_core import to_json
from sqlalchemy import Executable, TextClause, text

from common.db.database import Executor
from common.errors import InvalidInput, NotFound
from common.http.cursors import from_micros

ENOUGH: Final = 256 * 1024
"""Bytes after which a page ends. The last statement's rows may exceed it, so statements have limits too (`ROWS`)."""
ROWS: Final = 500
"""Most small rows that one statement returns."""
BYTES: Final = 64 * 1024
"""Most text that one statement returns in several rows; a single row may have more. JSON escapes can make it six times
as long, and a page must stay below the 1 MiB that callers read (`common.tokens.replies`)."""
OURS: Final = frozenset({"place", "so_far", "nth"})
"""Columns of a statement that are not part of the export."""

Items = list[dict[str, Any]]


class BadPlace(InvalidInput):
    """`after` is no valid position in this export."""

    code = "bad-place"


class AccountGone(NotFound):
    """The account was deleted, so its export can no longer be complete."""

    code = "account-gone"


class ExportPage(BaseModel):
    """Part of an export. A section may continue on the next page under the same name."""

    sections: dict[str, Items] = Field(min_length=1)
    next: str | None = Field(description="Give this as `after` for the next page; null on the last one.")


def number(place: str) -> Mapping[str, Any]:
    return {"after": int(place)}


def uuid(place: str) -> Mapping[str, Any]:
    return {"after": UUID(place)}


def name(place: str) -> Mapping[str, Any]:
    return {"after": place}


def moment(place: str) -> Mapping[str, Any]:
    """For rows ordered by time: microseconds since 1970, and an id."""
    micros, last = place.split(".")
    return {"since": from_micros(int(micros)), "after": int(last)}


@dataclass(frozen=True, slots=True)
class Section:
    """One kind of data about an account.

    The statement takes `account` and the parameters that `read` makes of a place. It returns the next rows in order:
    their `place`, and the columns for the account's owner. No rows mean the end.
    """

    statement: Executable
    start: str = "0"
    read: Callable[[str], Mapping[str, Any]] = number


def bounded_rows(rows: str, order: str, size: str = "0") -> TextClause:
    """A statement that returns as many `rows` as fit on a page. `size` is the bytes of one row.

    `rows` is a SELECT with its ORDER BY and a `place`. The window functions get columns, not whole rows, so a long text
    is read only for a row that is returned.
    """
    return text(f"""
        SELECT * FROM (
            SELECT found.*, sum({size}) OVER (ORDER BY {order}) AS so_far, row_number() OVER (ORDER BY {order}) AS nth
            FROM ({rows} LIMIT {ROWS}) AS found
        ) AS kept
        WHERE so_far <= {BYTES} OR nth = 1 ORDER BY nth
    """)  # noqa: S608  # written by us, in the repositories


AfterPlace = Annotated[str | None, Query(pattern=r"^[a-z_]{1,30}:[0-9a-f.-]{1,36}$")]


@dataclass(frozen=True, slots=True)
class ExportReader:
    """Reads one service's sections. `deleted` returns a row if this service has begun to erase the account."""

    session: Executor
    sections: Mapping[str, Section]
    deleted: Executable

    async def page(self, account_id: int, after: str | None) -> ExportPage:
        """The page after a place. It names every section, also empty ones.

        Raises:
            BadPlace: there is no such place.
            AccountGone: the account was deleted, so rows may be missing.
        """
        page = await self._read(account_id, after)
        # Checked last: if the account is not deleted now, it was not while the rows were read.
        if (await self.session.execute(self.deleted, {"account": account_id})).one_or_none():
            raise AccountGone("The account was deleted.")
        return page

    async def _read(self, account_id: int, after: str | None) -> ExportPage:
        names = list(self.sections)
        first, _, place = (after or f"{names[0]}:").partition(":")
        if first not in self.sections:
            raise BadPlace("There is no such section.")
        found: dict[str, Items] = {}
        size = 0
        for name in names[names.index(first) :]:
            items = found.setdefault(name, [])
            while rows := await self._rows(self.sections[name], account_id, place):
                items += [{field: value for field, value in row.items() if field not in OURS} for row in rows]
                place = str(rows[-1]["place"])
                size += len(to_json(rows))
                if size >= ENOUGH:
                    return ExportPage(sections=found, next=f"{name}:{place}")
            place = ""
        return ExportPage(sections=found, next=None)

    async def _rows(self, section: Section, account_id: int, place: str) -> Sequence[Mapping[str, Any]]:
        try:
            params = section.read(place or section.start)
        except ValueError as error:
            raise BadPlace("There is no such place.") from error
        found = await self.session.execute(section.statement, {"account": account_id, **params})
        return [dict(row) for row in found.mappings()]
