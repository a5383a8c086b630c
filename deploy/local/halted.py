"""The processes that the runner shall not run: `halted.json`, written by the console, and read by the runner.

The console has threads, and `make restart-one` writes too, so each change holds a lock.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
from collections.abc import Iterator
from pathlib import Path

FILE = "halted.json"


def read_halted(folder: Path) -> frozenset[str]:
    """Names of processes; none if there is no file, or only half of one."""
    try:
        return frozenset(json.loads((folder / FILE).read_text()))
    except (FileNotFoundError, ValueError, TypeError):
        return frozenset()


def halt(folder: Path, name: str) -> None:
    """Let the runner stop a process, and not start it again."""
    with _alone(folder):
        _write(folder, read_halted(folder) | {name})


def resume(folder: Path, *names: str) -> None:
    """Let the runner start these processes again."""
    with _alone(folder):
        halted = read_halted(folder)
        if halted & set(names):
            _write(folder, halted - set(names))


def resume_all(folder: Path) -> None:
    """Forget all: a new runner runs everything."""
    (folder / FILE).unlink(missing_ok=True)


@contextlib.contextmanager
def _alone(folder: Path) -> Iterator[None]:
    with (folder / f"{FILE}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _write(folder: Path, names: frozenset[str]) -> None:
    unfinished = folder / f".{FILE}"
    unfinished.write_text(json.dumps(sorted(names)))
    unfinished.rename(folder / FILE)
