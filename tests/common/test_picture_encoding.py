"""S-66: pictures are encoded anew, in a process of their own that a hostile file cannot turn against the service."""

import asyncio
import io
import os
import shutil
import struct
import sys
import zlib
from collections.abc import Mapping
from pathlib import Path

import pytest
from PIL import Image, ImageCms
from structlog.testing import capture_logs

from common.pictures import encode as encoding_process
from common.pictures import encoder as encoding
from common.pictures.encode import MOST_MEMORY, MOST_PIXELS, MOST_SECONDS, NICE, Refused, Size, encode
from common.pictures.encoder import Encoded, Encoder
from common.pictures.errors import NotAPicture, PicturesBusy, PictureTooLarge
from tests.pictures import BLUE, ORIENTATION, RED, is_near, opened, picture, with_position
from tests.waiting import in_time

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
    """It is within the limit of pixels, so that only the limit of memory can refuse it: each takes twice four bytes."""
    file, side = io.BytesIO(), 7_000
    Image.new("LA", (side, side)).save(file, "PNG")
    assert side * side <= MOST_PIXELS
    with pytest.raises(PictureTooLarge):
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


async def test_the_process_needs_no_package_of_ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As in the images, where they are in PYTHONPATH only."""
    assert encoding_process.__file__ == Encoder(SIZES).command[-1]
    monkeypatch.delenv("PYTHONPATH", raising=False)
    alone = str(shutil.copy(encoding_process.__file__, tmp_path))
    hides_ours = f"import sys, runpy; sys.modules['common'] = None; runpy.run_path({alone!r}, run_name='__main__')"
    assert (await Encoder(SIZES, (sys.executable, "-I", alone)).encode(picture())).width == 640
    assert (await Encoder(SIZES, (sys.executable, "-I", "-c", hides_ours)).encode(picture())).width == 640


@pytest.mark.parametrize(
    "does",
    [
        "import os; os.kill(os.getpid(), 9)",
        "raise SystemExit(1)",
        "print('no answer')",
        "print('[' * 100_000)",
        "print('{}')",
        'print(\'{"refused": "because"}\')',
        'print(\'{"width": 9, "height": 9, "files": {"large": 9, "small": -9}}\')',
        'print(\'{"width": 9, "height": 9, "files": {"large": 1, "small": 1}}\\nxxx\', end=\'\')',
        'print(\'{"width": 9999, "height": 9, "files": {"large": 1, "small": 1}}\\nxx\', end=\'\')',
    ],
)
async def test_a_process_that_fails_is_a_fault_of_ours_and_no_refusal(encoder: Encoder, does: str) -> None:
    with capture_logs() as told, pytest.raises(PicturesBusy):
        await Encoder(encoder.sizes, (sys.executable, "-c", does)).encode(picture())
    assert [(line["event"], line["log_level"]) for line in told] == [("picture not encoded", "error")]
    assert (await encoder.encode(picture())).files


async def test_a_picture_that_takes_too_much_processor_time_is_refused() -> None:
    loops = "import encode; encode.MOST_SECONDS = 1; encode.limit_this_process()\nwhile True: pass"
    with pytest.raises(PictureTooLarge):
        await Encoder(SIZES, inside(loops)).encode(picture())


@pytest.mark.parametrize("does", ["sleeps", "writes"])
async def test_a_process_that_never_ends_is_killed(
    encoder: Encoder, monkeypatch: pytest.MonkeyPatch, does: str
) -> None:
    """Also one that is writing more than is read: its end was waited for without an end."""
    monkeypatch.setattr(encoding, "PATIENCE", 0.3)
    endless = {"sleeps": "import time; time.sleep(600)", "writes": "while True: print('x' * 1_000_000)"}[does]
    for _ in range(3):
        with pytest.raises(PicturesBusy):
            await in_time(Encoder(encoder.sizes, (sys.executable, "-c", endless)).encode(picture()))


async def test_only_so_much_of_an_answer_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encoding, "MOST_ANSWER", 1000)
    kept: list[int] = []

    def note(answer: bytes, _sizes: Mapping[str, Size]) -> None:
        kept.append(len(answer))

    monkeypatch.setattr(encoding, "read", note)
    floods = "import sys; [sys.stdout.write('x' * 1_000_000) for _ in range(50)]"
    with pytest.raises(PicturesBusy):
        await Encoder(SIZES, (sys.executable, "-c", floods)).encode(picture())
    assert kept == [1000]


async def test_a_refusal_keeps_nothing_of_the_one_before(encoder: Encoder) -> None:
    """An error that is raised again holds the frames of all times before, with up to 10 MiB each."""
    refusals = []
    for _ in range(2):
        with pytest.raises(NotAPicture) as refused:
            await encoder.encode(b"no picture")
        refusals.append(refused.value)
    assert refusals[0] is not refusals[1]


def inside(does: str) -> tuple[str, ...]:
    """A command that runs in place of the encoding, beside its module."""
    folder = str(Path(encoding_process.__file__).parent)
    return (sys.executable, "-I", "-c", f"import sys; sys.path.insert(0, {folder!r}); {does}")


async def told_inside(does: str) -> list[str]:
    """What such a process prints, in words."""
    with capture_logs() as told, pytest.raises(PicturesBusy):
        await Encoder(SIZES, inside(f"{does}; raise SystemExit(1)")).encode(b"")
    return str(told[0]["said"]).split()


async def test_the_process_knows_no_secret_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_PASSWORD", "secret")
    assert {*await told_inside("import os; print(*os.environ, file=sys.stderr)")} <= {"LC_CTYPE"}  # Python's own


async def test_the_process_has_limits() -> None:
    limits = "RLIMIT_AS", "RLIMIT_CPU", "RLIMIT_FSIZE", "RLIMIT_CORE"
    reads = f"(number for name in {limits} for number in resource.getrlimit(getattr(resource, name)))"
    does = f"import encode, os, resource; encode.limit_this_process(); print(*{reads}, os.nice(0), file=sys.stderr)"
    nice = min(os.nice(0) + NICE, 19)  # the tests themselves may run under `nice`
    wanted = [MOST_MEMORY, MOST_MEMORY, MOST_SECONDS, MOST_SECONDS + 1, 0, 0, 0, 0, nice]
    assert await told_inside(does) == [str(number) for number in wanted]


async def test_pictures_wait_for_each_other_but_not_in_any_number(encoder: Encoder) -> None:
    at_once: list[int] = []

    async def encode_for(account_id: int) -> Encoded:
        async with encoder.turn(account_id):
            at_once.append(account_id)
            found = await encoder.encode(picture())
            assert at_once.pop() == account_id, "nobody else encodes meanwhile"
            return found

    replies = await asyncio.gather(*map(encode_for, range(6)), return_exceptions=True)
    assert [isinstance(reply, Encoded) for reply in replies] == [True] * 4 + [False] * 2
    assert [isinstance(reply, PicturesBusy) for reply in replies] == [False] * 4 + [True] * 2
    replies = await asyncio.gather(*map(encode_for, (1, 1, 2)), return_exceptions=True)
    assert [isinstance(reply, PicturesBusy) for reply in replies] == [False, True, False]
    assert (await encode_for(1)).files
