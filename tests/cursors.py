"""Invented cursors of the right kind with a right checksum, over numbers that no row has (S-36)."""

from typing import Final

from httpx import AsyncClient

from common.http.cursors import encode_cursor

EARLIEST, LATEST = -62_135_596_800_000_000, 253_402_300_799_999_999  # microseconds of the years 1 and 9999
NUMBERS: Final = (-(2**63), EARLIEST - 1, EARLIEST, -1, 0, 2**31, 2**53, LATEST, LATEST + 1, 2**63 - 1)


async def forge(client: AsyncClient, path: str, kind: str, size: int, headers: dict[str, str] | None = None) -> None:
    """Request a list after each of these places: it answers, or refuses the cursor."""
    seen = set()
    alone = [[41] * at + [odd] + [41] * (size - at - 1) for odd in NUMBERS for at in range(size)]
    for place in alone + [[odd] * size for odd in NUMBERS]:
        cursor = f"{'&' if '?' in path else '?'}cursor={encode_cursor(kind, *place)}"
        reply = await client.get(path + cursor, headers=headers)
        seen.add(reply.status_code)
        assert reply.status_code == 200 or reply.json()["code"] == "bad-cursor", (path, place, reply.text)
    assert 200 in seen, path
