"""The runner's state for the other commands: `state.json`, rewritten at each change."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Literal

from deploy.local.processes import ProcessId

Phase = Literal["starting", "ready", "failed", "stopped"]


@dataclass(frozen=True, slots=True)
class ProcessState:
    """One process of the stack; `id` is None between its end and its next start.

    `restarts` counts how often it ended by itself, and `last_end` describes the last time.
    `version` is that of its code. A `halted` one was stopped on purpose, and is not started again.
    """

    name: str
    port: int
    url: str
    started_at: float
    id: ProcessId | None
    restarts: int = 0
    last_end: str = ""
    version: str = ""
    halted: bool = False

    @property
    def service(self) -> str:
        """The name of its service: `posts` for posts-2."""
        return self.name.partition("-")[0]


@dataclass(frozen=True, slots=True)
class State:
    """The stack as its runner has recorded it. The runner may have been killed since: check `running`."""

    runner: ProcessId
    phase: Phase = "starting"
    error: str = ""
    gateway: str = ""
    data: str = ""
    processes: list[ProcessState] = field(default_factory=list)

    @property
    def running(self) -> bool:
        """Whether the runner still runs, so that the rest is current."""
        return self.runner.is_alive()

    def process(self, name: str) -> ProcessState | None:
        """Find a process by name."""
        return next((process for process in self.processes if process.name == name), None)


def write_state(folder: Path, state: State) -> None:
    """Replace the file in one step, so that readers never see half of it."""
    unfinished = folder / ".state.json"
    unfinished.write_text(json.dumps(asdict(state), indent=2))
    unfinished.rename(folder / "state.json")


def read_state(folder: Path) -> State | None:
    """Read the last runner's state; None if there was none."""
    try:
        raw = json.loads((folder / "state.json").read_text())
        processes = [
            ProcessState(**{**process, "id": ProcessId(**process["id"]) if process["id"] else None})
            for process in raw.pop("processes")
        ]
        return State(**{**raw, "runner": ProcessId(**raw["runner"]), "processes": processes})
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return None
