"""What rules of every service need of the outside, in words that know no database and no HTTP."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime
from typing import Protocol, TypeVar

W_co = TypeVar("W_co", covariant=True)

Clock = Callable[[], datetime]


def utc_now() -> datetime:
    return datetime.now(UTC)


class Transactions(Protocol[W_co]):
    """Opens a short transaction and yields what works in it; commits when the block ends well, undoes it otherwise."""

    def __call__(self) -> AbstractAsyncContextManager[W_co]: ...
