"""Encodes pictures, one at a time, each in a process of its own (`common.pictures.encode`)."""

import asyncio
import json
import signal
import sys
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, Final

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
MOST_ANSWER: Final = 12 * 1024 * 1024
"""Bytes of both files. Noise in the largest size, with transparency, has 9 million."""
MOST_SAID: Final = 500
"""Bytes of the process's errors, for the log."""
CHUNK: Final = 64 * 1024
REFUSALS: Final[Mapping[str, tuple[type[InvalidInput], str]]] = {
    NotAPicture.code: (NotAPicture, "The file is no JPEG, PNG or WebP, or it is damaged."),
    PictureTooLarge.code: (PictureTooLarge, "The picture has too many pixels."),
    AnimatedPicture.code: (AnimatedPicture, "The picture is animated; upload one that is not."),
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
    # By its path: as a module it would need our packages, which images have in PYTHONPATH only.
    command: tuple[str, ...] = (sys.executable, "-I", encode.__file__)
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    _accounts: set[int] = field(default_factory=set)
    """Whose pictures are encoded or wait."""

    @asynccontextmanager
    async def turn(self, account_id: int) -> AsyncGenerator[None]:
        """Wait until nobody else encodes. Take it before the original is read: those that wait hold no memory.

        Raises:
            PicturesBusy: too many others wait, or another picture of the account.
        """
        if account_id in self._accounts or len(self._accounts) > MOST_WAITING:
            raise PicturesBusy("Other pictures are being encoded; try again in a moment.")
        self._accounts.add(account_id)
        try:
            async with self._turn:
                yield
        finally:
            self._accounts.remove(account_id)

    async def encode(self, original: bytes) -> Encoded:
        """Encode a picture anew, in its turn.

        Raises:
            NotAPicture, PictureTooLarge, AnimatedPicture: it is refused.
            PicturesBusy: its process has failed, or got too little time.
        """
        status, answer, said = await self._run(original)
        if status == -signal.SIGXCPU:
            raise refusal(PictureTooLarge.code)
        found = read(answer, self.sizes) if status == 0 else None
        if found is None:
            log.error("picture not encoded", status=status, said=said.decode("utf-8", "replace"))
            raise PicturesBusy("The picture could not be encoded just now; try again in a moment.")
        if isinstance(found, InvalidInput):
            raise found
        return found

    async def _run(self, original: bytes) -> tuple[int, bytes, bytes]:
        """The status of the process, its output, and its errors. It is killed if it does not end in time."""
        pipe = asyncio.subprocess.PIPE
        worker = await asyncio.create_subprocess_exec(
            *self.command, encode.as_argument(self.sizes), stdin=pipe, stdout=pipe, stderr=pipe, env={}
        )
        try:
            async with asyncio.timeout(PATIENCE):
                _, answer, said = await asyncio.gather(
                    feed(worker.stdin, original),
                    first(worker.stdout, MOST_ANSWER),
                    first(worker.stderr, MOST_SAID),
                )
                return await worker.wait(), answer, said
        except TimeoutError:
            return -signal.SIGKILL, b"", f"not within {PATIENCE} seconds".encode()
        finally:
            if worker.returncode is None:
                worker.kill()
                # asyncio tells of the end only after that of the pipes, and reads no more while a buffer is full.
                await asyncio.gather(first(worker.stdout, 0), first(worker.stderr, 0))
                await worker.wait()


async def feed(stream: asyncio.StreamWriter | None, content: bytes) -> None:
    """Write all. A reader that has ended tells why by its status."""
    if stream is None:
        return
    with suppress(BrokenPipeError, ConnectionResetError):
        stream.write(content)
        await stream.drain()
    stream.close()


async def first(stream: asyncio.StreamReader | None, most: int) -> bytes:
    """The first bytes of a stream, of which all is read, so that its writer never waits."""
    kept = bytearray()
    while stream is not None and (chunk := await stream.read(CHUNK)):
        kept += chunk[: most - len(kept)]
    return bytes(kept)


def read(answer: bytes, sizes: Mapping[str, Size]) -> Encoded | InvalidInput | None:
    """What the process has answered; None if it is no such answer: a hostile file may have given it."""
    head, _, rest = answer.partition(b"\n")
    with suppress(ValueError, KeyError, TypeError, RecursionError):
        found = json.loads(head)
        return refusal(found["refused"]) if "refused" in found else split(found, rest, sizes)
    return None


def refusal(code: str) -> InvalidInput:
    """A new error each time: one that is raised again keeps the frames of all times before, with their originals."""
    kind, message = REFUSALS[code]
    return kind(message)


def split(found: Any, rest: bytes, sizes: Mapping[str, Size]) -> Encoded:
    """The files, as their description has it. Raises ValueError, KeyError, TypeError: they are others."""
    files, start = {}, 0
    for name in sizes:
        ends = start + found["files"][name]
        if ends <= start:
            raise ValueError(f"no file: {name}")
        files[name], start = rest[start:ends], ends
    width, height, largest = found["width"], found["height"], next(iter(sizes.values()))
    if start != len(rest) or not (0 < width <= largest.width and 0 < height <= largest.height):
        raise ValueError("too few or too many bytes, or of another shape")
    return Encoded(width, height, files)
