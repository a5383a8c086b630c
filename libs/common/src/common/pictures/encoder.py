"""Encodes pictures, one at a time, each in a process of its own (`common.pictures.encode`)."""

import asyncio
import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import structlog

from common.errors import InvalidInput
from common.pictures import encode
from common.pictures.encode import Size
from common.pictures.errors import AnimatedPicture, NotAPicture, PicturesBusy, PictureTooLarge

log = structlog.get_logger()

PATIENCE: Final = 20.0
"""Seconds for one picture, of which its process may compute half."""
MOST_WAITING: Final = 3
"""Pictures that wait for their turn in one process."""
REFUSALS: Final[Mapping[str, InvalidInput]] = {
    refusal.code: refusal
    for refusal in (
        NotAPicture("The file is no JPEG, PNG or WebP, or it is damaged."),
        PictureTooLarge("The picture has too many pixels."),
        AnimatedPicture("The picture is animated; upload one that is not."),
    )
}


@dataclass(frozen=True, slots=True)
class Encoded:
    """The new files of a picture, by size. Width and height are those of the largest."""

    width: int
    height: int
    files: Mapping[str, bytes]


@dataclass(slots=True)
class Encoder:
    """Encodes in these sizes, the largest first."""

    sizes: Mapping[str, Size]
    command: tuple[str, ...] = (sys.executable, "-I", "-m", encode.__name__)
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    _waiting: int = 0

    async def encode(self, original: bytes) -> Encoded:
        """Encode a picture anew.

        Raises:
            NotAPicture, PictureTooLarge, AnimatedPicture: it is refused.
            PicturesBusy: too many others wait.
        """
        if self._waiting > MOST_WAITING:
            raise PicturesBusy("Other pictures are being encoded; try again in a moment.")
        self._waiting += 1
        try:
            async with self._turn:
                answer = await self._run(original)
        finally:
            self._waiting -= 1
        head, _, rest = answer.partition(b"\n")
        found = json.loads(head)
        if "refused" in found:
            raise REFUSALS[found["refused"]]
        files, start = {}, 0
        for name, length in found["files"].items():
            files[name] = rest[start : start + length]
            start += length
        return Encoded(found["width"], found["height"], files)

    async def _run(self, original: bytes) -> bytes:
        """The output of the process. Raises PictureTooLarge: it was too slow, or has died."""
        pipe = asyncio.subprocess.PIPE
        worker = await asyncio.create_subprocess_exec(
            *self.command, encode.as_argument(self.sizes), stdin=pipe, stdout=pipe, stderr=pipe, env={}
        )
        try:
            async with asyncio.timeout(PATIENCE):
                answer, errors = await worker.communicate(original)
        except TimeoutError:
            log.warning("picture refused: its encoding took too long", seconds=PATIENCE)
            raise REFUSALS[PictureTooLarge.code] from None
        finally:
            if worker.returncode is None:
                worker.kill()
                await worker.wait()
        if worker.returncode:
            log.warning(
                "picture refused: its encoding died",
                status=worker.returncode,
                said=errors[-500:].decode("utf-8", "replace"),
            )
            raise REFUSALS[PictureTooLarge.code]
        return answer
