"""Pages that are bounded in bytes too, since a hundred of the longest posts are 20 MB, for each reader who takes them
slowly."""

from collections.abc import Callable
from typing import Any, Final

from sqlalchemy import BigInteger, ColumnElement, Select, bindparam, func, or_, select

from common.db.rows import RowReader, T
from common.db.statements import Rows as Result
from common.ports import Page

Rows = Select[*tuple[Any, ...]]

LIMIT: Final = bindparam("limit", type_=BigInteger)
"""How many items a page may have, and one: the last one only tells that more follow."""
ENOUGH: Final = 1024 * 1024
"""Bytes of text in a page. Only a first item may be larger."""


def bounded(found: Rows, way: Callable[[ColumnElement[Any]], ColumnElement[Any]], *places: str) -> Rows:
    """Of what is found (LIMIT rows, each with an `id` and a `body`) as much as a page may hold, in the order of the
    columns `places`, all of them this `way`. Each row says last whether there are `more` behind it.

    PostgreSQL knows a text's size without reading it: what is left out costs nothing.
    """
    rows = found.subquery("found")
    over: dict[str, Any] = {"order_by": [way(rows.c[place]) for place in places], "rows": (None, 0)}
    measured = select(
        *rows.c,
        func.lead(rows.c.id).over(**over).is_not(None).label("more"),
        func.row_number().over(**over).label("nth"),
        func.sum(func.octet_length(rows.c.body)).over(**over).label("so_far"),
    ).subquery("measured")
    *shown, nth, so_far = measured.c
    return select(*shown).where(nth < LIMIT, or_(nth == 1, so_far <= ENOUGH)).order_by(nth)


def read_page(found: Result, reader: RowReader[T]) -> Page[T]:
    """What a `bounded` statement gave."""
    rows = found.all()
    return Page(reader.all(rows), bool(rows) and rows[-1].more)
