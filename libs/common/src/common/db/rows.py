"""Rows as records, mapped by column names: additional columns, or another order, have no effect."""

from collections.abc import Callable, Iterable
from dataclasses import fields
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from sqlalchemy import Row

from common.db.statements import Rows

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

T = TypeVar("T", bound="DataclassInstance")
Read = Callable[[tuple[Any, ...]], T]


class RowReader(Generic[T]):
    """Makes records of one dataclass with two or more fields; each field is read from the column of its name.

    The last field may be a record itself, whose columns have the prefix of its own reader, `last`. It is None if its
    first column is null. Names are looked up once per statement, so a row costs the same as access by position.
    """

    def __init__(self, kind: type[T], *, prefix: str = "", last: "RowReader[Any] | None" = None) -> None:
        self._kind = kind
        self._last = last
        names = [field.name for field in fields(kind)]
        self._columns = [prefix + name for name in (names if last is None else names[:-1])]
        self._made: dict[tuple[str, ...], Read[T]] = {}

    def read(self, row: Row[Any]) -> T:
        """Raises KeyError: a column is missing."""
        return self._for(row)(tuple(row))

    def one(self, found: Rows) -> T | None:
        row = found.one_or_none()
        return None if row is None else self.read(row)

    def all(self, found: Iterable[Row[Any]]) -> list[T]:
        rows = list(found)
        return list(map(self._for(rows[0]), map(tuple, rows))) if rows else []

    def _for(self, row: Row[Any]) -> Read[T]:
        names = row._fields  # public, in spite of its name: as in a named tuple
        if names not in self._made:
            self._made[names] = self._make({name: place for place, name in enumerate(names)})
        return self._made[names]

    def _make(self, places: dict[str, int]) -> Read[T]:
        kind: Callable[..., T] = self._kind
        take = itemgetter(*(places[name] for name in self._columns))
        if self._last is None:
            return lambda row: kind(*take(row))
        first, read = places[self._last._columns[0]], self._last._make(places)
        return lambda row: kind(*take(row), None if row[first] is None else read(row))
