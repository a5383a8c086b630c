"""What rules of every service need of the outside, in words that know no database and no HTTP."""

from collections.abc import Callable, Sequence, Set
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Generic, Protocol, TypeVar

T = TypeVar("T")
W_co = TypeVar("W_co", covariant=True)

Clock = Callable[[], datetime]

Versions = Set[int] | None
"""Those versions of a thing that a change was meant for; None: whichever it finds."""


def utc_now() -> datetime:
    return datetime.now(UTC)


class Transactions(Protocol[W_co]):
    """Opens a short transaction and yields what works in it; commits when the block ends well, undoes it otherwise."""

    def __call__(self) -> AbstractAsyncContextManager[W_co]: ...


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """What a repository found: at most `limit` rows, and whether more follow."""

    rows: Sequence[T]
    more: bool

    @classmethod
    def cut(cls, rows: Sequence[T], limit: int) -> "Page[T]":
        """From a query with `LIMIT limit + 1`: the extra row tells that there is more."""
        return cls(rows[:limit], len(rows) > limit)
