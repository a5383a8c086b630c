"""Pages of those at the other end of follows and blocks, the newest first."""

from datetime import datetime
from typing import TypeVar

from common.http.paging import PageRequest, PageResponse, from_micros, to_micros
from common.ports import Page
from users.schemas.profile import FollowerResponse
from users.services.records import Neighbour

T = TypeVar("T", bound=FollowerResponse)


def place(page: PageRequest, kind: str) -> tuple[datetime, int] | None:
    """Where the page starts; None for the first one."""
    after = page.after(kind, 2)
    return (from_micros(after[0]), after[1]) if after else None


def answer(page: PageRequest, kind: str, found: Page[Neighbour], schema: type[T]) -> PageResponse[T]:
    rows, cursor = page.page(found, kind, lambda row: (to_micros(row.since), row.id))
    return PageResponse(items=[schema.model_validate(row) for row in rows], next_cursor=cursor)
