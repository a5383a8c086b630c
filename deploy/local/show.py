"""The commands that show a running stack: its processes, logs and databases."""

from __future__ import annotations

import os
import shlex
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

from deploy.local.changes import newest_change, watched
from deploy.local.control import tell
from deploy.local.databases import drop_database
from deploy.local.errors import StackError
from deploy.local.health import why_not_ready
from deploy.local.logs import LogReader, Terminal
from deploy.local.postgres import Postgres, accepts_connections
from deploy.local.postgres_home import usable_home
from deploy.local.stack import CONSOLE, GATEWAY, POSTGRES, Stack, shown
from deploy.local.state import ProcessState, State, read_state
from deploy.services import SERVICES

LINES = 10  # lines of each log before following it
STEP = 0.2


def status(stack: Stack) -> bool:
    """Print all processes, and why one is not usable; True only if all are usable."""
    state = read_state(stack.folder)
    if not state or not state.running:
        tell("not running" + (f"; the last start failed: {state.error}" if state and state.phase == "failed" else ""))
        tell(f"data {shown(usable_home(stack.folder / POSTGRES))}")
        return False
    everything_up, notes = state.phase == "ready", []
    tell(f"{'NAME':<10}{'PID':>8}{'PORT':>7}  {'STATE':<11}{'UPTIME':>9}{'RESTARTS':>10}  {'VERSION':<20}URL")
    for process in state.processes:
        lacking = why_not_up(process, state)
        everything_up = everything_up and lacking is None
        word = word_for(process, lacking)
        uptime = _duration(time.time() - process.started_at) if process.id else "-"
        pid = str(process.id.pid) if process.id else "-"
        row = f"{process.name:<10}{pid:>8}{process.port:>7}  {word:<11}{uptime:>9}{process.restarts:>10}"
        tell(f"{row}  {process.version or '-':<20}{process.url}")
        notes += [f"{process.name}: {lacking}"] * (lacking is not None)
        notes += [f"{process.name} {process.last_end}, {process.restarts} times in all"] * (process.restarts > 0)
        if process.service in SERVICES and newest_change(watched()[process.service]) > process.started_at:
            notes.append(f"{process.name} runs older code than the files: make restart-one SERVICE={process.service}")
    for note in notes:
        tell(note)
    if stack.console_link and state.process(CONSOLE):
        tell(f"console {stack.console_link}")
    tell(f"runner {state.runner.pid}, {state.phase}; logs {shown(stack.logs)}; data {state.data}")
    return everything_up


def logs(stack: Stack, names: Sequence[str], follow: bool) -> None:
    """Print the last lines of processes' logs, of all by default, and new lines until Ctrl-C.

    A service's name selects all of its processes.

    Raises:
        StackError: there is no such log.
    """
    paths = sorted(stack.logs.glob("*.log"))
    chosen = [path for path in paths if not names or {path.stem, path.stem.partition("-")[0]} & set(names)]
    if not chosen:
        there = ", ".join(path.stem for path in paths) or "none yet: `make start` first"
        raise StackError(f"no logs of {' or '.join(names) or 'anything'}; there are {there}")
    terminal = Terminal([path.stem for path in chosen])
    readers = {path.stem: LogReader(path) for path in chosen}
    for reader in readers.values():
        reader.skip_to_last(LINES)
    while True:
        for name, reader in readers.items():
            for line in reader.new_lines():
                terminal.say(name, line)
        if not follow or terminal.is_closed:
            return
        time.sleep(STEP)


def psql(stack: Stack, database: str, arguments: str) -> int:
    """Run psql in the running stack, as the owner of a service's tables. Ctrl-C goes to psql.

    Raises:
        StackError: the stack does not run.
    """
    server = running_postgres(stack, running_state(stack))
    owner = f"{database}_owner"
    login = {"PGHOST": "127.0.0.1", "PGPORT": str(server.port), "PGUSER": owner, "PGDATABASE": database}
    environment = {**os.environ, **login, "PGPASSWORD": stack.secret(f"{database}-owner-password")}
    return subprocess.run([server.bin / "psql", *shlex.split(arguments)], env=environment, check=False).returncode


def forget(stack: Stack, service: str) -> None:
    """Delete a service's database, roles and secrets in the running stack.

    Raises:
        StackError: the stack does not run.
    """
    drop_database(running_postgres(stack, running_state(stack)), service)
    for secret in (f"{service}-password", f"{service}-owner-password", f"svc-{service}-secret"):
        (stack.secrets / secret).unlink(missing_ok=True)


def running_state(stack: Stack) -> State:
    """Read the state of a running stack.

    Raises:
        StackError: the stack does not run.
    """
    state = read_state(stack.folder)
    if not state or not state.running:
        raise StackError("the stack does not run: `make start` first")
    return state


def running_postgres(stack: Stack, state: State) -> Postgres:
    """The stack's database server."""
    process = state.process(POSTGRES)
    if process is None:
        raise StackError("the stack has no database server yet: see `make status`")
    return Postgres.running(stack.folder / POSTGRES, process.port)


def word_for(process: ProcessState, lacking: str | None) -> str:
    """The state of a process in a word; `lacking` is the reason why it is not usable."""
    if lacking is None:
        return "up"
    if process.id is None:
        return "stopped" if process.halted else "restarting"
    return "not ready"


def why_not_up(process: ProcessState, state: State) -> str | None:
    """The reason why a process is not usable; None if it is."""
    if process.id is None or not process.id.is_alive():
        return process.last_end or "is being started"
    if process.name == POSTGRES:
        return None if accepts_connections(Path(state.data), process.id.pid) else "accepts no connections yet"
    return why_not_ready(process.port, "/healthz" if process.name in (GATEWAY, CONSOLE) else "/readyz")


def _duration(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}h {minutes:02}m" if hours else f"{minutes}m {rest:02}s" if minutes else f"{rest}s"
