"""Encodes one untrusted picture anew, as a process of its own: `python -I encode.py SIZES`.

Reads the original from its input, and writes a line of JSON and then the new files, one after the other. The process
has limits of memory and time, and no environment: a file that is too much for it ends only this process. It decodes
JPEG, PNG and WebP, recognised by their content. Nothing of the original but its pixels is in the new files: no EXIF, no
position, no profile, no comment.

Only this process imports Pillow, so that services do without its memory. It is started by its path, without
environment, so it imports nothing of ours.
"""

import io
import json
import os
import resource
import struct
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final

if TYPE_CHECKING:
    from PIL import Image

MOST_PIXELS: Final = 50_000_000
"""Of a whole phone camera; most pictures have 12 million."""
MOST_MEMORY: Final = 384 * 1024 * 1024
"""Bytes of address space."""
MOST_SECONDS: Final = 10
"""Seconds of processor time."""
NICE: Final = 5
"""A third of the service's share. With 19, a small picture got too little time in 20 s on a busy machine."""
LAST_VICTIM: Final = "1000"
"""If memory runs out, the system ends this process, and not the service."""
FORMATS: Final = ("JPEG", "PNG", "WEBP")
SEVERAL_VIEWS: Final = "MPO"
"""JPEG with further views of the same scene, as phones write it."""
QUALITY: Final = 80
FOREIGN: Final = (OSError, SyntaxError, ValueError, EOFError, IndexError, KeyError, TypeError, struct.error)
"""Pillow's errors for files that are no pictures."""


@dataclass(frozen=True, slots=True)
class Size:
    """A size to encode: at most so many pixels, or its centre cut to exactly these."""

    width: int
    height: int
    cut: bool = False

    def scale(self, width: int, height: int) -> float:
        """The factor by which a picture of this shape fits in, or covers it if it is to be cut. None is enlarged."""
        fit = max if self.cut else min
        return min(fit(self.width / width, self.height / height), 1)


def scaled(width: int, height: int, by: float) -> tuple[int, int]:
    return max(1, round(width * by)), max(1, round(height * by))


class Refused(Exception):
    """The picture is not accepted; the message is a code of `common.pictures.errors`."""


def encode(original: bytes, sizes: Mapping[str, Size]) -> tuple[dict[str, object], list[bytes]]:
    """The description of the new files, and these, in the order of the sizes.

    Shape: `{"width": 1600, "height": 900, "files": {"large": 81234, "small": 9021}}`, width and height of the first,
    and the bytes of each. All are WebP.

    Raises:
        Refused: it is no picture, or has too many pixels.
        MemoryError: it needs more than this process may have.
    """
    first, *further = sizes.values()
    try:
        shown = [fitted(opened(original, first), first)]
        shown += [fitted(shown[0], size) for size in further]
    except FOREIGN as error:
        raise Refused("not-a-picture") from error
    files = [as_webp(one) for one in shown]
    width, height = shown[0].size
    return {"width": width, "height": height, "files": dict(zip(sizes, map(len, files), strict=True))}, files


def opened(original: bytes, size: Size) -> "Image.Image":
    """The picture upright, in sRGB. A JPEG is decoded at a fraction of its size, if that is enough."""
    from PIL import Image, ImageOps

    Image.MAX_IMAGE_PIXELS = None  # its warning comes too late for some formats; the check is below
    image: Image.Image = Image.open(io.BytesIO(original), formats=FORMATS)
    if image.width * image.height > MOST_PIXELS:
        raise Refused("picture-too-large")
    if getattr(image, "is_animated", False) and image.format != SEVERAL_VIEWS:
        raise Refused("animated-picture")
    enough = max(size.scale(image.width, image.height), size.scale(image.height, image.width))  # it may lie on its side
    image.draft(None, scaled(image.width, image.height, enough))
    image.load()
    ImageOps.exif_transpose(image, in_place=True)
    return in_srgb(image)


def in_srgb(image: "Image.Image") -> "Image.Image":
    """The picture as RGB, or RGBA if it is transparent. A colour profile that cannot be read is ignored."""
    from PIL import ImageCms

    profile = image.info.get("icc_profile")
    mode = "RGBA" if image.has_transparency_data else "RGB"
    if profile and image.mode in {"RGB", "RGBA", "CMYK"}:
        with suppress(ImageCms.PyCMSError, OSError):
            found = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            # the same mode on both sides keeps transparency
            to = image.mode if image.mode == "RGBA" else "RGB"
            converted = ImageCms.profileToProfile(image, found, ImageCms.createProfile("sRGB"), outputMode=to)
            image = converted or image
    return image if image.mode == mode else image.convert(mode)


def fitted(image: "Image.Image", size: Size) -> "Image.Image":
    """A new picture of this size."""
    from PIL import Image, ImageOps

    if size.cut:
        return ImageOps.fit(image, (size.width, size.height), Image.Resampling.LANCZOS)
    fitting = scaled(image.width, image.height, size.scale(image.width, image.height))
    return image.resize(fitting, Image.Resampling.LANCZOS, reducing_gap=2.0)


def as_webp(image: "Image.Image") -> bytes:
    """Pixels only."""
    image.info.clear()
    file = io.BytesIO()
    image.save(file, "WEBP", quality=QUALITY, exif=b"", xmp=b"", icc_profile=b"")
    return file.getvalue()


def limit_this_process() -> None:
    limits = {
        resource.RLIMIT_AS: (MOST_MEMORY, MOST_MEMORY),
        resource.RLIMIT_CPU: (MOST_SECONDS, MOST_SECONDS + 1),  # the first sends SIGXCPU, the second SIGKILL
        resource.RLIMIT_FSIZE: (0, 0),
        resource.RLIMIT_CORE: (0, 0),
    }
    for limit, soft_and_hard in limits.items():
        resource.setrlimit(limit, soft_and_hard)
    os.nice(NICE)
    if sys.platform == "linux":
        Path("/proc/self/oom_score_adj").write_text(LAST_VICTIM, encoding="ascii")


def main(sizes: str, source: BinaryIO, sink: BinaryIO) -> None:
    wanted = {name: Size(**size) for name, size in json.loads(sizes).items()}
    try:
        description, files = encode(source.read(), wanted)
    except Refused as refused:
        description, files = {"refused": str(refused)}, []
    except MemoryError:
        description, files = {"refused": "picture-too-large"}, []
    sink.write(json.dumps(description).encode() + b"\n")
    sink.writelines(files)


def as_argument(sizes: Mapping[str, Size]) -> str:
    return json.dumps({name: asdict(size) for name, size in sizes.items()})


if __name__ == "__main__":
    limit_this_process()
    main(sys.argv[1], sys.stdin.buffer, sys.stdout.buffer)
