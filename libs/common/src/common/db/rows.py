"""Rows as records, mapped by the names of their columns: one column more, or another order, changes nothing."""

from collections.abc import Callable
from dataclasses import fields
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from sqlalchemy import Row

from common.db.database import Rows

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

T = TypeVar("T", bound="DataclassInstance")


class RowReader(Generic[T]):
    """Makes records of one dataclass with two or more fields; a field is read from the column of its name.

    `nested` fields are records, whose columns have the reader's `prefix`. They come last in the class, and are None
    where their first column is null. Names are looked up once for each statement, so a row costs what positions cost.
    """

    def __init__(self, kind: type[T], *, prefix: str = "", **nested: "RowReader[Any]") -> None:
        self._kind = kind
        self._nested = nested
        self._columns = [prefix + field.name for field in fields(kind) if field.name not in nested]
        self._made: dict[tuple[str, ...], Callable[[Row[Any]], T]] = {}

    def read(self, row: Row[Any]) -> T:
        """Raises KeyError: a column is missing."""
        return self._for(row)(row)

    def one(self, found: Rows) -> T | None:
        row = found.one_or_none()
        return None if row is None else self._for(row)(row)

    def all(self, found: Rows) -> list[T]:
        rows = list(found)
        read = self._for(rows[0]) if rows else None
        return [read(row) for row in rows] if read else []

    def _for(self, row: Row[Any]) -> Callable[[Row[Any]], T]:
        names = row._fields  # public, in spite of its name: as in a named tuple
        if names not in self._made:
            self._made[names] = self._make({name: place for place, name in enumerate(names)})
        return self._made[names]

    def _make(self, places: dict[str, int]) -> Callable[[Row[Any]], T]:
        kind, take = self._kind, itemgetter(*(places[name] for name in self._columns))
        if not self._nested:
            return lambda row: kind(*take(row))
        parts = [(name, places[part._columns[0]], part._make(places)) for name, part in self._nested.items()]
        return lambda row: kind(
            *take(row), **{name: None if row[first] is None else read(row) for name, first, read in parts}
        )
