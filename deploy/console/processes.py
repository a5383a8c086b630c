"""The stack's processes: their state, and to stop, start and restart one."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from deploy.local import renew
from deploy.local.errors import StackError
from deploy.local.halted import halt, resume
from deploy.local.show import why_not_up, word_for
from deploy.local.stack import CONSOLE, Stack
from deploy.local.state import ProcessState, State, read_state

ACTS: Final = ("stop", "start", "restart")


def known(stack: Stack) -> list[dict[str, Any]]:
    """All processes as the page shows them."""
    state = read_state(stack.folder)
    return [_shown(process, state) for process in state.processes] if state else []


def act(stack: Stack, name: str, what: str) -> str:
    """Stop, start or restart one process; returns what was done.

    Raises:
        StackError: there is no such process, or it is not ready after a restart; with the reason.
    """
    state = read_state(stack.folder)
    if what not in ACTS or name == CONSOLE or state is None or state.process(name) is None:
        raise StackError(f"the console cannot {what} {name}")
    if what == "restart":
        renew.restart(stack, name)  # as `make restart-one` does; it returns once the successor is ready
        return f"{name} was restarted."
    if what == "stop":
        halt(stack.folder, name)
        return f"{name} is being stopped."
    resume(stack.folder, name)
    return f"{name} is being started."


def _shown(process: ProcessState, state: State) -> dict[str, Any]:
    lacking = why_not_up(process, state)
    return {
        "name": process.name,
        "service": process.service,
        "state": word_for(process, lacking),
        "why": lacking,
        "pid": process.id.pid if process.id else None,
        "port": process.port,
        "uptime_s": round(time.time() - process.started_at) if process.id else None,
        "restarts": process.restarts,
        "last_end": process.last_end,
        "version": process.version,
        "memory_mib": memory_mib(process.id.pid) if process.id else None,
        "acts": [] if process.name == CONSOLE else ["start"] if process.halted else ["restart", "stop"],
    }


def memory_mib(pid: int) -> int | None:
    """The resident memory; None where the system has no /proc."""
    if sys.platform != "linux":
        return None
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    except (OSError, IndexError):
        return None
    return pages * os.sysconf("SC_PAGE_SIZE") // 1024**2


def is_up(shown: Mapping[str, Any]) -> bool:
    """Whether a process of `known` is usable."""
    return bool(shown["state"] == "up")
