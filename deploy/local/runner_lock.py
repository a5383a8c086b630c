"""Allows one runner for each LOCAL_DIR, and cleans up after a killed one."""

from __future__ import annotations

import contextlib
import fcntl
import signal
from collections.abc import Iterator
from pathlib import Path

from deploy.local.errors import StackError
from deploy.local.state import read_state

ORPHAN_PATIENCE = 5.0


@contextlib.contextmanager
def only_runner(folder: Path) -> Iterator[None]:
    """Hold the folder's lock, which the system releases whenever we end.

    Raises:
        StackError: another runner has the lock.
    """
    with (folder / "runner.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise StackError("the stack runs already: `make status` shows it, `make stop` ends it") from None
        yield


def end_orphans(folder: Path) -> None:
    """End the processes of a killed runner. On Linux the kernel ends them itself."""
    state = read_state(folder)
    for process in reversed(state.processes if state else []):
        if process.id is not None:
            process.id.end([signal.SIGINT, signal.SIGKILL], ORPHAN_PATIENCE)
