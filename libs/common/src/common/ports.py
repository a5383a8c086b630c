"""The ports that the rules of every service use. They know no database and no HTTP."""

from collections.abc import Callable, Sequence, Set
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Generic, Protocol, TypeVar

T = TypeVar("T")
W_co = TypeVar("W_co", covariant=True)

Clock = Callable[[], datetime]

Versions = Set[int] | None
"""The versions that a change was meant for; None: any version."""


def utc_now() -> datetime:
    return datetime.now(UTC)


class Transactions(Protocol[W_co]):
    """Opens a short transaction and yields its stores. Commits when the block ends well; otherwise rolls back."""

    def __call__(self) -> AbstractAsyncContextManager[W_co]: ...


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """The result of a list query: at most `limit` rows, and whether more follow."""

    rows: Sequence[T]
    more: bool

    @classmethod
    def cut(cls, rows: Sequence[T], limit: int) -> "Page[T]":
        """From a query with `LIMIT limit + 1`: an extra row means that there are more."""
        return cls(rows[:limit], len(rows) > limit)
