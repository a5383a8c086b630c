"""Keyset pages: `?limit=&cursor=` in, `{items, next_cursor}` and a `Link` header out.

A page starts after a row's sort key, not after a number of rows, so page 10,000 costs as much as page 1.
"""

import base64
import binascii
import struct
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from typing import Annotated, Any, Final, Generic, TypeVar

from fastapi import Depends, Query, Request, Response
from pydantic import BaseModel, Field

from common.errors import InvalidInput
from common.ports import Page

T = TypeVar("T")
M = TypeVar("M", bound=BaseModel)
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
CHECK: Final = 4


class BadCursor(InvalidInput):
    """The cursor was not issued for this list."""

    code = "bad-cursor"


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


def encode_cursor(kind: str, *place: int) -> str:
    """Encode the place just after a row.

    Format: base64url without padding (RFC 4648, section 5). It holds the place's numbers, 8 bytes each, big-endian, and
    a 4-byte check over the kind of list and the numbers. So a damaged cursor, or one of another list, is refused. The
    check is no signature: a cursor grants nothing.
    """
    packed = struct.pack(f">{len(place)}q", *place)
    return base64.urlsafe_b64encode(packed + check(kind, packed)).rstrip(b"=").decode()


def decode_cursor(kind: str, cursor: str, size: int) -> tuple[int, ...]:
    """The numbers of a cursor of this kind.

    Raises:
        BadCursor: it is damaged, or belongs to another list.
    """
    try:
        raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as error:
        raise BadCursor("The cursor does not belong to this list.") from error
    packed, mark = raw[:-CHECK], raw[-CHECK:]
    if len(packed) != 8 * size or mark != check(kind, packed) or encode_cursor(kind, *unpack(packed)) != cursor:
        raise BadCursor("The cursor does not belong to this list.")
    return unpack(packed)


def unpack(packed: bytes) -> tuple[int, ...]:
    return struct.unpack(f">{len(packed) // 8}q", packed)


def check(kind: str, packed: bytes) -> bytes:
    return blake2b(kind.encode() + b"\0" + packed, digest_size=CHECK).digest()


def to_micros(moment: datetime) -> int:
    """Microseconds since 1970 UTC, the precision of PostgreSQL's times."""
    return (moment - EPOCH) // timedelta(microseconds=1)


def from_micros(micros: int) -> datetime:
    """The inverse of `to_micros`.

    Raises:
        BadCursor: the number is out of range.
    """
    try:
        return EPOCH + timedelta(microseconds=micros)
    except OverflowError as error:
        raise BadCursor("The cursor does not belong to this list.") from error


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
