"""The processes that the runner shall not run: `halted.json`, written by the console, and read by the runner."""

from __future__ import annotations

import json
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
    _write(folder, read_halted(folder) | {name})


def resume(folder: Path, *names: str) -> None:
    """Let the runner start these processes again."""
    if before := read_halted(folder) & set(names):
        _write(folder, read_halted(folder) - before)


def resume_all(folder: Path) -> None:
    """Forget all: a new runner runs everything."""
    (folder / FILE).unlink(missing_ok=True)


def _write(folder: Path, names: frozenset[str]) -> None:
    unfinished = folder / f".{FILE}"
    unfinished.write_text(json.dumps(sorted(names)))
    unfinished.rename(folder / FILE)
