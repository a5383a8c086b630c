"""Pages with a limit in bytes, too: a hundred of the longest posts are 20 MB, held for each reader that reads
slowly."""

from collections.abc import Callable, Sequence
from typing import Any, Final

from sqlalchemy import BigInteger, ColumnElement, Select, bindparam, func, literal_column, or_, select

from common.db.rows import RowReader, T
from common.db.statements import Rows as Result
from common.ports import Page

Rows = Select[*tuple[Any, ...]]

LIMIT: Final = bindparam("limit", type_=BigInteger)
"""One more than the items of a page: the last row only shows that more follow."""
ENOUGH: Final = 1024 * 1024
"""Most bytes of text in a page. Only a first item may be larger."""


def bounded(
    found: Rows,
    way: Callable[[ColumnElement[Any]], ColumnElement[Any]],
    *places: str,
    texts: Sequence[str] = ("body",),
) -> Rows:
    """Cut a page from `found` (LIMIT rows, each with an `id`) by the bytes of its columns `texts`, nulls included.

    The order is that of the columns `places`, all of them this `way`. Each row's last column says whether `more`
    follow. PostgreSQL knows a text's size without reading it: rows that are left out cost nothing.
    """
    rows = found.subquery("found")
    zero: ColumnElement[int] = literal_column("0", BigInteger)
    size = sum((func.coalesce(func.octet_length(rows.c[name]), 0) for name in texts), start=zero)
    over: dict[str, Any] = {"order_by": [way(rows.c[place]) for place in places], "rows": (None, 0)}
    measured = select(
        *rows.c,
        func.lead(rows.c.id).over(**over).is_not(None).label("more"),
        func.row_number().over(**over).label("nth"),
        func.sum(size).over(**over).label("so_far"),
    ).subquery("measured")
    *shown, nth, so_far = measured.c
    return select(*shown).where(nth < LIMIT, or_(nth == 1, so_far <= ENOUGH)).order_by(nth)


def read_page(found: Result, reader: RowReader[T]) -> Page[T]:
    """Read the result of a `bounded` statement."""
    rows = found.all()
    return Page(reader.all(rows), bool(rows) and rows[-1].more)
