"""The log files of the stack's processes, and their display in a terminal.

Each process writes directly to its file, so that the runner never delays it. In the foreground the runner also reads
the files.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
from collections.abc import Iterable
from pathlib import Path

LARGEST = 64 * 1024 * 1024
COLOURS = (36, 33, 35, 32, 34, 31)  # cyan, yellow, magenta, green, blue, red


class Terminal:
    """Prints lines with their process's name, in its colour if the terminal has colours."""

    def __init__(self, names: Iterable[str]) -> None:
        self._names = list(names)
        self._width = max(len(name) for name in self._names)
        self._coloured = sys.stdout.isatty() and "NO_COLOR" not in os.environ
        self.is_closed = False

    def say(self, name: str, text: str) -> None:
        """Print each line of a text; ignores a closed output."""
        colour = COLOURS[self._names.index(name) % len(COLOURS)]
        for line in text.splitlines():
            prefix = f"{name:<{self._width}} |"
            try:
                sys.stdout.write(f"\x1b[{colour}m{prefix}\x1b[0m {line}\n" if self._coloured else f"{prefix} {line}\n")
                sys.stdout.flush()
            except OSError:  # the terminal or the pipe is closed
                sys.stdout = open(os.devnull, "w")  # noqa: SIM115
                self.is_closed = True


class LogReader:
    """Reads the log file of one process."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._read_to = 0

    def new_lines(self) -> list[str]:
        """Read the complete lines since the last call."""
        if self._size() < self._read_to:  # a new run, or emptied
            self._read_to = 0
        if self._size() == self._read_to:
            return []
        with self.path.open("rb") as file:
            file.seek(self._read_to)
            whole = file.read(1024 * 1024).rpartition(b"\n")[0]
        self._read_to += len(whole) + 1 if whole else 0
        return whole.decode(errors="replace").splitlines()

    def skip_to_last(self, count: int) -> None:
        """Let `new_lines` begin with the last existing lines."""
        self._read_to = max(0, self._size() - len(self._end(count)))

    def last_lines(self, count: int) -> str:
        """Read the last lines of this run."""
        return self._end(count).decode(errors="replace").rstrip("\n") or "(it has logged nothing)"

    def _end(self, count: int) -> bytes:
        if not self._size():
            return b""
        with self.path.open("rb") as file:
            file.seek(max(0, self._size() - 32 * 1024))
            return b"".join(file.read().splitlines(keepends=True)[-count:])

    def _size(self) -> int:
        """The file's size; 0 also if somebody has deleted it under a running stack."""
        return self.path.stat().st_size if self.path.exists() else 0


class Log(LogReader):
    """One process's log file; that of the previous run stays beside it."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists():
            path.rename(f"{path}.1")
        path.touch()

    def keep_small(self) -> None:
        """Copy the file and empty it if it is too large. Its writers append, so they are not disturbed."""
        if self._size() > LARGEST:
            with contextlib.suppress(OSError):  # no space for a copy: freeing space matters more
                shutil.copyfile(self.path, f"{self.path}.1")
            os.truncate(self.path, 0)
            self._read_to = 0
