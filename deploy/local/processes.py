"""Starts processes that cannot outlive us, and recognises them later.

A process is only ended if its pid *and* its start time are those recorded at its start: pids are reused.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

PR_SET_PDEATHSIG = 1


@dataclass(frozen=True, slots=True)
class ProcessId:
    """One process of this machine, distinguished from a later one with the same pid."""

    pid: int
    identity: str

    @classmethod
    def of(cls, pid: int) -> ProcessId:
        """Identify a running process."""
        return cls(pid, _start_time(pid) or "gone")

    def is_alive(self) -> bool:
        """Whether this process still runs (a zombie does not)."""
        return _start_time(self.pid) == self.identity

    def end(self, signals: Sequence[signal.Signals], patience: float) -> bool:
        """Send each signal in turn, and wait up to `patience` seconds after each; True once the process has ended."""
        for number in signals:
            if not self.is_alive():
                return True
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)
            deadline = time.monotonic() + patience
            while self.is_alive() and time.monotonic() < deadline:
                time.sleep(0.02)
        return not self.is_alive()


def _start_time(pid: int) -> str | None:
    """Read a process's start time in the system's own form; None if it does not run."""
    if sys.platform == "linux":
        try:
            # After the name, which may have spaces: the 1st field is the state, the 20th the start time.
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            return None
        return None if fields[0] in "ZX" else f"{fields[19]}@{_boot_id()}"
    command = ["/bin/ps", "-o", "stat=", "-o", "lstart=", "-p", str(pid)]
    shown = subprocess.run(command, capture_output=True, text=True, env={"LC_ALL": "C"}, check=False)
    state, _, started = shown.stdout.strip().partition(" ")
    return None if state.startswith("Z") else started.strip() or None


def _boot_id() -> str:
    """The id of this boot, since start times count from it."""
    with contextlib.suppress(OSError):
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    return "unknown"


@dataclass(frozen=True, slots=True)
class Owner:
    """The user of a process, if it is another than ours."""

    uid: int
    gid: int


def spawn(
    command: Sequence[str | Path],
    *,
    log: IO[bytes] | int,
    on_our_death: signal.Signals,
    environment: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    owner: Owner | None = None,
) -> subprocess.Popen[bytes]:
    """Start a process in its own session, so that Ctrl-C reaches only us. The kernel ends it when we die.

    Only Linux does so, when the starting *thread* ends. So this works only from the main thread.
    """
    if threading.current_thread() is not threading.main_thread():
        raise RuntimeError("start processes from the main thread: they end when the thread that started them ends")
    parent, libc = os.getpid(), ctypes.CDLL(None)

    def follow_parent() -> None:
        # Runs after the change of user, which would reset it. SIGKILL: we died before this line.
        if sys.platform == "linux":
            libc.prctl(PR_SET_PDEATHSIG, on_our_death)
            if os.getppid() != parent:
                os.kill(os.getpid(), signal.SIGKILL)

    return subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=subprocess.STDOUT,
        env=environment,
        cwd=cwd or "/",
        start_new_session=True,
        preexec_fn=follow_parent,
        user=owner.uid if owner else None,
        group=owner.gid if owner else None,
        extra_groups=[] if owner else None,
    )
