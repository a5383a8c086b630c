"""What a service holds about one account, page by page, for `GET /users/me/export`.

A service lists its sections, each with one statement; `read_page` makes a page of them. A page ends where it is large
enough, so that no service has more than that of somebody's data in memory at once, and no connection is held between.
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
from common.http.paging import from_micros

ENOUGH: Final = 256 * 1024
"""Bytes of a page after which it ends. The last statement's rows come on top, so statements bound theirs (`ROWS`)."""
ROWS: Final = 500
"""How many small rows a statement may give."""
BYTES: Final = 64 * 1024
"""How much text a statement may give in several rows; a single row may have more. JSON writes it up to six times as
long, and the whole page stays below the 1 MiB that callers read (`common.tokens.replies`)."""
OURS: Final = frozenset({"place", "so_far", "nth"})
"""Columns of a statement that the account's owner is not shown."""

Items = list[dict[str, Any]]


class BadPlace(InvalidInput):
    """`after` names no place in this export."""

    code = "bad-place"


class AccountGone(NotFound):
    """The account was deleted, so that an export of it can no longer be whole."""

    code = "account-gone"


class ExportPage(BaseModel):
    """Part of an export. A section may go on in the next page, where it begins anew under the same name."""

    sections: dict[str, Items] = Field(min_length=1)
    next: str | None = Field(description="Give this as `after` for the next page; null on the last one.")


def number(place: str) -> Mapping[str, Any]:
    return {"after": int(place)}


def uuid(place: str) -> Mapping[str, Any]:
    return {"after": UUID(place)}


def moment(place: str) -> Mapping[str, Any]:
    """Microseconds since 1970 and an id, for what is ordered by time."""
    micros, last = place.split(".")
    return {"since": from_micros(int(micros)), "after": int(last)}


@dataclass(frozen=True, slots=True)
class Section:
    """One kind of thing that is kept about an account.

    The statement takes `account` and what `read` makes of a place, and gives the next rows in their order: their
    `place`, and what the account's owner is shown. It gives none when there are no more.
    """

    statement: Executable
    start: str = "0"
    read: Callable[[str], Mapping[str, Any]] = number


def bounded_rows(rows: str, order: str, size: str = "0") -> TextClause:
    """A statement that gives as many `rows` (a SELECT with its ORDER BY, and a `place`) as a page may have of them:
    `size` is the bytes of one.

    Columns and not whole rows go through the windows: a long text is only read where a row is given.
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
    """Reads one service's sections. `deleted` gives a row if this service has begun to forget the account."""

    session: Executor
    sections: Mapping[str, Section]
    deleted: Executable

    async def page(self, account_id: int, after: str | None) -> ExportPage:
        """The part behind a place. Every section is named, also an empty one.

        Raises:
            BadPlace: there is no such place.
            AccountGone: rows may be missing by now.
        """
        page = await self._read(account_id, after)
        # Looked up last: if it was not deleted by then, it was not while the rows were read.
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
