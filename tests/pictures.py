"""Pictures for tests, and their way to a service."""

import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from httpx import AsyncClient, Response
from PIL import Image

MARKS = ("users-store", "posts-store")
"""The objects that tell a store from an empty folder."""
GPS = 0x8825
ORIENTATION = 0x0112
CLOSED = "UPDATE pictures SET open_until = now() - interval '1 second'"
"""As if the links for uploads had expired."""
DUE = CLOSED + ", check_at = now() - interval '1 second' WHERE check_at IS NOT NULL"
"""As if a day had passed."""
ADD = """INSERT INTO pictures (name, account_id, width, height, bytes, open_until)
    VALUES (md5(random()::text), $1, 9, 9, 99, now() - interval '1 second')"""
"""A picture of an account, without its files."""
RED, BLUE = (220, 20, 20), (20, 20, 220)


def new_store(folder: Path) -> str:
    """The address of a store in a folder, as if it had held pictures before."""
    for mark in MARKS:
        (folder / mark).write_text("a mark")
    return f"file://{folder}"


def picture(kind: str = "JPEG", size: tuple[int, int] = (640, 360), **options: Any) -> bytes:
    """A file whose left half is red, and whose right half is blue."""
    image = Image.new("RGB", size, RED)
    image.paste(BLUE, (size[0] // 2, 0, *size))
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def with_position() -> bytes:
    """A photo as phones make it: with the place, a comment, a profile and a text in XMP."""
    exif = Image.Exif()
    exif[0x010F] = "Secret Camera"
    exif.get_ifd(GPS)[1] = "N"
    exif.get_ifd(GPS)[2] = (51.0, 28.0, 40.0)
    return picture(exif=exif, comment=b"secret comment", xmp=b"<x:xmpmeta>secret xmp</x:xmpmeta>")


def opened(content: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(content))
    image.load()
    return image


def is_near(found: Any, wanted: tuple[int, int, int]) -> bool:
    """Whether two colours are the same, as far as a lossy format keeps them."""
    return all(abs(one - other) < 40 for one, other in zip(found[:3], wanted, strict=True))


async def sent(client: AsyncClient, service: str, headers: Mapping[str, str], content: bytes = b"") -> dict[str, str]:
    """A picture that is uploaded, but not finished: its name, and the query of its link."""
    begun = await client.post(f"/{service}/pictures", headers=dict(headers))
    assert begun.status_code == 200, begun.text
    link = begun.json()["upload"]
    reply = await client.request(link["method"], link["url"], headers=link["headers"], content=content or picture())
    assert reply.status_code == 204, reply.text
    return {"name": begun.json()["name"], "link": link["url"].partition("?")[2]}


async def upload(client: AsyncClient, service: str, headers: Mapping[str, str], content: bytes = b"") -> Response:
    """The answer to the last of the three requests: begin, upload, finish."""
    begun = await sent(client, service, headers, content)
    return await client.put(f"/{service}/pictures/{begun['name']}/finished", headers=dict(headers))


async def uploaded(client: AsyncClient, service: str, headers: Mapping[str, str], content: bytes = b"") -> Any:
    """A finished picture."""
    reply = await upload(client, service, headers, content)
    assert reply.status_code == 200, reply.text
    return reply.json()
