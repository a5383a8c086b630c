"""Keyset pages: `?limit=&cursor=` in, `{items, next_cursor}` and a `Link` header out.

A page starts after a row's sort key, not after a number of rows, so page 10,000 costs as much as page 1.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Generic, TypeVar

from fastapi import Depends, Query, Request, Response
from pydantic import BaseModel, Field

from common.http.cursors import decode_cursor, encode_cursor, from_micros
from common.ports import Page

T = TypeVar("T")
M = TypeVar("M", bound=BaseModel)


class PageResponse(BaseModel, Generic[T]):
    """One page of a list."""

    items: list[T]
    next_cursor: str | None = Field(
        description="Give this as `cursor` for the next page; null on the last one.", examples=["AAAAAAAAACmWkTQ2"]
    )

    @classmethod
    def model_parametrized_name(cls, params: tuple[Any, ...]) -> str:
        """The name in generated clients: `PostPage` for `PostResponse`."""
        return f"{params[0].__name__.removesuffix('Response')}Page"


@dataclass(frozen=True, slots=True)
class PageRequest:
    """The page that the caller wants. Sets the `Link` header to the next page."""

    limit: int
    cursor: str | None
    request: Request
    response: Response

    def after(self, kind: str, size: int) -> tuple[int, ...] | None:
        """The place after which the page starts; None for the first page."""
        return decode_cursor(kind, self.cursor, size) if self.cursor else None

    def page(self, found: Page[T], kind: str, place: Callable[[T], tuple[int, ...]]) -> tuple[list[T], str | None]:
        """The page's rows, and the cursor of the next page, which also goes into the `Link` header."""
        rows = list(found.rows)
        if not found.more:
            return rows, None
        cursor = encode_cursor(kind, *place(rows[-1]))
        url = self.request.url.include_query_params(cursor=cursor)
        self.response.headers["Link"] = f'<{url.path}?{url.query}>; rel="next"'
        return rows, cursor

    def answer(
        self, found: Page[T], kind: str, place: Callable[[T], tuple[int, ...]], schema: type[M]
    ) -> PageResponse[M]:
        """The page as it is sent, each row as `schema` shows it."""
        rows, cursor = self.page(found, kind, place)
        return PageResponse(items=[schema.model_validate(row) for row in rows], next_cursor=cursor)

    def after_time(self, kind: str) -> tuple[datetime, int] | None:
        """As `after`, in a list by time and id."""
        after = self.after(kind, 2)
        return (from_micros(after[0]), after[1]) if after else None

    def after_pair(self, kind: str) -> tuple[int, int] | None:
        """As `after`, in a list by a number and id."""
        after = self.after(kind, 2)
        return (after[0], after[1]) if after else None

    def after_id(self, kind: str) -> int | None:
        """As `after`, in a list by id."""
        after = self.after(kind, 1)
        return after[0] if after else None


async def get_page(
    request: Request,
    response: Response,
    limit: Annotated[
        int, Query(ge=1, le=100, description="How many items at most; a page of long ones has fewer.")
    ] = 20,
    cursor: Annotated[str | None, Query(max_length=200, description="`next_cursor` of the page before.")] = None,
) -> PageRequest:
    return PageRequest(limit, cursor, request, response)


Paging = Annotated[PageRequest, Depends(get_page)]
