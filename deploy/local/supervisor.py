"""Keeps one process running: restarts it when it ends, at once the first time, then after growing pauses."""

from __future__ import annotations

import contextlib
import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeAlias

from deploy.local.errors import StackError
from deploy.local.processes import ProcessId

FIRST_PAUSE = 0.1
LONGEST_PAUSE = 10.0
READY_PATIENCE = 60.0
HOPELESS = 4  # failed starts in a row
STOP_PATIENCE = 28.0  # a service finishes its requests within 25 s
STEADY_AFTER = 10.0  # a process that ran this long is healthy: its next end counts as the first

Start: TypeAlias = Callable[[], subprocess.Popen[bytes]]


@dataclass(slots=True)
class Supervised:
    """A process that should run.

    `start` starts it and `tell` reports to the user; `tick` is called a few times a second. `deaths` counts the ends
    since the last steady run; `restarts` counts all ends, and `last_end` describes the last one. An end that was asked
    for counts as neither. A `halted` process should not run for the time being.
    """

    name: str
    start: Start
    tell: Callable[[str], None]
    process: subprocess.Popen[bytes] | None = None
    id: ProcessId | None = None
    started_at: float = 0.0
    deaths: int = 0
    restarts: int = 0
    last_end: str = ""
    halted: bool = False
    _due: float = field(default=0.0, repr=False)
    _kill_at: float | None = field(default=None, repr=False)  # set while it stops because it was asked to

    def tick(self) -> bool:
        """Start the process if it should run and does not; True if something has changed."""
        if self.process is not None:
            code = self.process.poll()
            if code is None:
                if self._kill_at is not None and time.monotonic() > self._kill_at:
                    self.force_to_stop()
                return False
            if self._kill_at is not None:
                self._forget()
                self.last_end = "was stopped"
                return True
            self._plan_restart(_how_it_ended(code))
            return True
        if self.halted or time.monotonic() < self._due:
            return False
        try:
            self.start_now()
        except (OSError, StackError) as error:
            self._plan_restart(f"cannot start: {error}")
        return True

    def let_run(self, wanted: bool) -> bool:
        """Stop it, or let the next `tick` start it again; True if that is a change."""
        if self.halted is not wanted:
            return False
        self.halted = not wanted
        if self.halted:
            self.tell(f"{self.name} is being stopped")
            self.ask_to_stop()
        else:
            self._due = 0.0  # a process that is still stopping is started again after its end
        return True

    def start_now(self) -> None:
        """Start the process now; raises if that fails."""
        self.started_at = time.time()
        self.process = self.start()
        self.id = ProcessId.of(self.process.pid)

    def renew(self, patience: float) -> None:
        """End the process after a change of its files. The next `tick` starts its successor, without a pause.

        A process that has only just started has no requests to finish, and would print a traceback.
        """
        if self.process is not None and self.running:
            if time.time() - self.started_at > STEADY_AFTER:
                self.ask_to_stop()
                with contextlib.suppress(subprocess.TimeoutExpired):
                    self.process.wait(patience)
            self.process.kill()
            self.process.wait()
        self._forget()
        self.deaths, self._due = 0, 0.0

    def _forget(self) -> None:
        self.process = self.id = self._kill_at = None

    def _plan_restart(self, reason: str) -> None:
        self._forget()
        self.restarts, self.last_end = self.restarts + 1, reason
        self.deaths = 1 if time.time() - self.started_at > STEADY_AFTER else self.deaths + 1
        pause = min(FIRST_PAUSE * 2 ** (self.deaths - 1), LONGEST_PAUSE)
        self._due = time.monotonic() + pause
        again = "starting it again" if self.deaths == 1 else f"end {self.deaths} in a row, again in {pause:.1f} s"
        self.tell(f"{self.name} {reason}; {again}")

    def ask_to_stop(self) -> None:
        """Send the signal to stop without draining, once: a second one would cut off the last requests."""
        if self.process is not None and self._kill_at is None:
            self.process.send_signal(signal.SIGINT)
            self._kill_at = time.monotonic() + STOP_PATIENCE

    @property
    def running(self) -> bool:
        """Whether it was started and has not ended."""
        return self.process is not None and self.process.poll() is None

    def force_to_stop(self) -> None:
        """Kill it."""
        if self.process is not None and self.running:
            self.tell(f"{self.name} does not stop; ending it by force")
            self.process.kill()
            self.process.wait()


def _how_it_ended(code: int) -> str:
    return f"was ended by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"
