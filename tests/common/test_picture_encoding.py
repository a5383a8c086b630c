"""Pictures are encoded anew, in a process of their own that a hostile file cannot turn against the service."""

import asyncio
import io
import struct
import sys
import zlib

import pytest
from PIL import Image, ImageCms

from common.errors import InvalidInput
from common.pictures import encoder as encoding
from common.pictures.encode import MOST_PIXELS, Refused, Size, encode
from common.pictures.encoder import Encoder
from common.pictures.errors import NotAPicture, PicturesBusy, PictureTooLarge
from tests.pictures import BLUE, ORIENTATION, RED, is_near, opened, picture, with_position

SIZES = {"large": Size(1600, 3200), "small": Size(480, 960)}
SQUARES = {"large": Size(256, 256, cut=True), "small": Size(64, 64, cut=True)}


@pytest.fixture
def encoder() -> Encoder:
    return Encoder(SIZES)


def png_of(width: int, height: int) -> bytes:
    """A PNG's header that promises so many pixels, with hardly any content."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


def animated(kind: str) -> bytes:
    frames = [Image.new("RGB", (20, 20), colour) for colour in (RED, BLUE)]
    file = io.BytesIO()
    frames[0].save(file, kind, save_all=True, append_images=frames[1:])
    return file.getvalue()


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_each_format_becomes_webp_in_two_sizes(kind: str) -> None:
    found, files = encode(picture(kind, (2000, 1000)), SIZES)
    assert (found["width"], found["height"]) == (1600, 800)
    for file, size in zip(files, ((1600, 800), (480, 240)), strict=True):
        image = opened(file)
        assert (image.format, image.size) == ("WEBP", size)
        assert is_near(image.getpixel((10, 10)), RED)
        assert is_near(image.getpixel((size[0] - 10, 10)), BLUE)


def test_a_small_picture_is_not_enlarged() -> None:
    _, files = encode(picture(size=(100, 50)), SIZES)
    assert [opened(file).size for file in files] == [(100, 50), (100, 50)]


def test_an_avatar_is_cut_to_a_square() -> None:
    _, files = encode(picture(), SQUARES)
    assert [opened(file).size for file in files] == [(256, 256), (64, 64)]


def test_nothing_but_pixels_is_kept() -> None:
    original = with_position()
    assert opened(original).getexif().get_ifd(0x8825), "the test's picture has a position"
    for file in encode(original, SIZES)[1]:
        image = opened(file)
        assert not image.getexif()
        assert not {"icc_profile", "xmp", "exif", "comment"} & {*image.info}
        assert b"ecret" not in file


def test_a_picture_that_lies_on_its_side_is_shown_upright() -> None:
    exif = Image.Exif()
    exif[ORIENTATION] = 6  # the camera was turned: what is left in the file is on top
    image = opened(encode(picture(size=(640, 320), exif=exif), SIZES)[1][0])
    assert image.size == (320, 640)
    assert is_near(image.getpixel((160, 40)), RED)
    assert is_near(image.getpixel((160, 600)), BLUE)


def test_a_large_picture_on_its_side_is_decoded_large_enough() -> None:
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    found, _ = encode(picture(size=(6400, 4000), exif=exif), SIZES)
    assert (found["width"], found["height"]) == (1600, 2560)


def test_a_profile_is_applied_and_a_broken_one_ignored() -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    for given in (profile, b"no profile"):
        image = opened(encode(picture(icc_profile=given), SIZES)[1][0])
        assert is_near(image.getpixel((10, 10)), RED)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "CMYK", "I;16"])
def test_every_kind_of_pixel_is_read(mode: str) -> None:
    file = io.BytesIO()
    Image.new(mode, (30, 20)).save(file, "JPEG" if mode == "CMYK" else "PNG")
    image = opened(encode(file.getvalue(), SIZES)[1][0])
    assert (image.size, image.mode) == ((30, 20), "RGBA" if mode in {"LA", "RGBA"} else "RGB")


@pytest.mark.parametrize(
    ("original", "refusal"),
    [
        (b"", "not-a-picture"),
        (b"hello", "not-a-picture"),
        (b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>', "not-a-picture"),
        (picture("GIF"), "not-a-picture"),
        (picture("BMP"), "not-a-picture"),
        (picture()[:-900], "not-a-picture"),
        (picture("PNG")[:-60], "not-a-picture"),
        (animated("WEBP"), "animated-picture"),
        (animated("PNG"), "animated-picture"),
        (png_of(MOST_PIXELS // 1000 + 1, 1000), "picture-too-large"),
        (png_of(2**31 - 1, 2**31 - 1), "picture-too-large|not-a-picture"),
        (png_of(700, 700), "not-a-picture"),
    ],
    ids=["empty", "text", "svg", "gif", "bmp", "cut jpeg", "cut png", "webp", "apng", "bomb", "overflow", "promised"],
)
def test_everything_else_is_refused(original: bytes, refusal: str) -> None:
    with pytest.raises(Refused, match=refusal):
        encode(original, SIZES)


async def test_a_picture_that_needs_too_much_memory_ends_only_its_process(encoder: Encoder) -> None:
    """A WebP of 400 KB with as many pixels as its format allows."""
    file = io.BytesIO()
    Image.new("RGB", (12_000, 12_000)).save(file, "WEBP", method=0)
    with pytest.raises(InvalidInput):
        await encoder.encode(file.getvalue())
    with pytest.raises(NotAPicture):
        await encoder.encode(b"text")
    found = await encoder.encode(picture(size=(2000, 1000)))
    assert (found.width, found.height, {name: opened(file).width for name, file in found.files.items()}) == (
        1600,
        800,
        {"large": 1600, "small": 480},
    )


def test_what_follows_a_picture_is_not_kept() -> None:
    """A file that is two things at once."""
    _, files = encode(picture() + b"<script>alert(1)</script>PK\x03\x04", SIZES)
    assert not any(b"script" in file for file in files)


@pytest.mark.parametrize("does", ["import os; os.kill(os.getpid(), 9)", "raise SystemExit(1)"])
async def test_a_process_that_dies_refuses_its_picture_only(encoder: Encoder, does: str) -> None:
    with pytest.raises(PictureTooLarge):
        await Encoder(encoder.sizes, (sys.executable, "-c", does)).encode(picture())
    assert (await encoder.encode(picture())).files


async def test_a_process_that_never_ends_is_killed(encoder: Encoder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encoding, "PATIENCE", 0.2)
    with pytest.raises(PictureTooLarge):
        await Encoder(encoder.sizes, (sys.executable, "-c", "import time; time.sleep(600)")).encode(picture())


async def test_the_process_knows_no_secret_of_ours(encoder: Encoder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_PASSWORD", "secret")
    tells = """
import json, os
print(json.dumps({"width": 1, "height": 1, "files": {name: 0 for name in os.environ}}))
"""
    found = await Encoder(encoder.sizes, (sys.executable, "-I", "-c", tells)).encode(b"")
    assert {*found.files} <= {"LC_CTYPE"}  # Python's own


async def test_pictures_wait_for_each_other_but_not_in_any_number(encoder: Encoder) -> None:
    replies = await asyncio.gather(*(encoder.encode(picture()) for _ in range(6)), return_exceptions=True)
    assert [isinstance(reply, PicturesBusy) for reply in replies] == [False] * 4 + [True] * 2
    assert (await encoder.encode(picture())).files
