"""Keyset pages: `?limit=&cursor=` in, `{items, next_cursor}` and a `Link` header out.

A page starts after a place in the order, not after a number of rows, so page 10,000 costs what page 1 costs.
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
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
CHECK: Final = 4


class BadCursor(InvalidInput):
    """A cursor that we did not hand out for this list."""

    code = "bad-cursor"


class PageResponse(BaseModel, Generic[T]):
    """One page of a list."""

    items: list[T]
    next_cursor: str | None = Field(
        description="Give this as `cursor` for the next page; null on the last one.", examples=["AAAAAAAAACmWkTQ2"]
    )

    @classmethod
    def model_parametrized_name(cls, params: tuple[Any, ...]) -> str:
        """`PostPage` of `PostResponse`: what generated clients call it."""
        return f"{params[0].__name__.removesuffix('Response')}Page"


def encode_cursor(kind: str, *place: int) -> str:
    """Name the place just after a row.

    Shape: base64url without padding (RFC 4648, section 5) of the place's numbers, 8 bytes each, big-endian, and a
    4-byte check over the kind of list and the numbers, so that a damaged cursor or one of another list is refused.
    The check is no signature: a cursor grants nothing.
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
        raise BadCursor("The cursor is not one of this list.") from error
    packed, mark = raw[:-CHECK], raw[-CHECK:]
    if len(packed) != 8 * size or mark != check(kind, packed) or encode_cursor(kind, *unpack(packed)) != cursor:
        raise BadCursor("The cursor is not one of this list.")
    return unpack(packed)


def unpack(packed: bytes) -> tuple[int, ...]:
    return struct.unpack(f">{len(packed) // 8}q", packed)


def check(kind: str, packed: bytes) -> bytes:
    return blake2b(kind.encode() + b"\0" + packed, digest_size=CHECK).digest()


def to_micros(moment: datetime) -> int:
    """Microseconds since 1970 UTC: exactly what PostgreSQL keeps of a time."""
    return (moment - EPOCH) // timedelta(microseconds=1)


def from_micros(micros: int) -> datetime:
    """The moment that `to_micros` named.

    Raises:
        BadCursor: no calendar holds it.
    """
    try:
        return EPOCH + timedelta(microseconds=micros)
    except OverflowError as error:
        raise BadCursor("The cursor is not one of this list.") from error


@dataclass(frozen=True, slots=True)
class PageRequest:
    """Which page the caller wants, and where to announce the next one."""

    limit: int
    cursor: str | None
    request: Request
    response: Response

    def after(self, kind: str, size: int) -> tuple[int, ...] | None:
        """The place after which the page starts; None for the first page."""
        return decode_cursor(kind, self.cursor, size) if self.cursor else None

    def page(self, found: Page[T], kind: str, place: Callable[[T], tuple[int, ...]]) -> tuple[list[T], str | None]:
        """The page's rows and the cursor of the next page, which is also put into the `Link` header."""
        rows = list(found.rows)
        if not found.more:
            return rows, None
        cursor = encode_cursor(kind, *place(rows[-1]))
        url = self.request.url.include_query_params(cursor=cursor)
        self.response.headers["Link"] = f'<{url.path}?{url.query}>; rel="next"'
        return rows, cursor


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
