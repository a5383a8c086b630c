"""Cursors: the place in a list where its next page starts, as a text that is refused in any other list."""

import base64
import binascii
import struct
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from typing import Final

from common.errors import InvalidInput

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
CHECK: Final = 4


class BadCursor(InvalidInput):
    """The cursor was not issued for this list."""

    code = "bad-cursor"


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
