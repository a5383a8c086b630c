"""The commands around a running stack: start it in the background, look at it, stop it, forget it."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from deploy.local.errors import StackError
from deploy.local.health import is_ready
from deploy.local.postgres import accepts_connections
from deploy.local.postgres_home import usable_home
from deploy.local.runner import POSTGRES, READY_PATIENCE, STOP_PATIENCE
from deploy.local.runner_lock import end_orphans, only_runner
from deploy.local.stack import GATEWAY, ROOT, Stack, shown
from deploy.local.state import ProcessState, State, read_state

STEP = 0.05
# All that is ours in LOCAL_DIR, which may be a folder with other things in it. Not the backups: they outlive a reset.
LOCAL_DATA = (
    "caddy",
    "compose.json",
    "restarts.json",
    "bench.json",
    "faults.json",
    "faketime",
    "logs",
    "mail",
    "migrated.json",
    "postgres",
    "secrets",
    "site",
    "state.json",
    "runner.lock",
)


def start(stack: Stack) -> None:
    """Start the stack in the background, and return when all of it is ready.

    Raises:
        StackError: it could not start; with the runner's reason.
    """
    state = read_state(stack.folder)
    if state and state.running:
        tell(f"already running: {state.gateway}")
        return
    stack.logs.mkdir(parents=True, exist_ok=True)
    log_path = stack.logs / "runner.log"
    with log_path.open("wb") as log:
        runner = subprocess.Popen(
            [sys.executable, "-m", "deploy.local", "up", "--background"],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        while (state := read_state(stack.folder)) is None or state.runner.pid != runner.pid or state.phase != "ready":
            if runner.poll() is not None:
                failed = state is not None and state.runner.pid == runner.pid and state.error
                raise StackError(failed or log_path.read_text(errors="replace").strip().removeprefix("trivium: "))
            time.sleep(STEP)
    except KeyboardInterrupt:
        runner.terminate()
        runner.wait()
        raise
    tell(log_path.read_text(errors="replace").strip())


def stop(stack: Stack) -> None:
    """Stop the stack, and return when nothing of it is left."""
    state = read_state(stack.folder)
    if not state or not state.running:
        end_orphans(stack.folder)
        tell("not running")
        return
    # Its own patience with its processes comes first; by force it is only when it hangs itself.
    if not state.runner.end([signal.SIGTERM], STOP_PATIENCE + 15):
        state.runner.end([signal.SIGKILL], 5)
    end_orphans(stack.folder)
    tell("stopped")


def run(stack: Stack, service: str, words: Sequence[str]) -> int:
    """Run a service's own command (`python -m posts outbox status`) with the settings that the service has here.

    Raises:
        StackError: the stack does not run.
    """
    state = read_state(stack.folder)
    postgres = state.process(POSTGRES) if state and state.running else None
    if postgres is None:
        raise StackError("the stack does not run: `make start` first")
    environment = {**stack.service_environment(service, postgres.port), "LOG_FORMAT": "console"}
    return subprocess.run([sys.executable, "-m", service, *words], cwd=ROOT, env=environment, check=False).returncode


def restart(stack: Stack, name: str) -> None:
    """End the named process of a running stack, or each of a service's, and wait until its successor is ready.

    One after the other, and politely: with several replicas no request fails.

    Raises:
        StackError: the stack does not run, has no such process, or a successor is not ready in time.
    """
    state = read_state(stack.folder)
    if not state or not state.running:
        raise StackError("not running: `make start` first")
    processes = [process for process in state.processes if name in (process.name, process.service)]
    if not processes:
        raise StackError(f"no process {name!r}: there are {', '.join(process.name for process in state.processes)}")
    for process in processes:
        _restart_one(stack, process, signal.SIGTERM if len(processes) > 1 else signal.SIGINT)


def _restart_one(stack: Stack, before: ProcessState, polite: signal.Signals) -> None:
    if before.id is not None and before.id.is_alive():
        os.kill(before.id.pid, polite)
    deadline = time.monotonic() + STOP_PATIENCE + READY_PATIENCE
    while time.monotonic() < deadline:
        now = read_state(stack.folder)
        after = now.process(before.name) if now else None
        if now and after and after.id not in (None, before.id) and _is_up(after, now):
            tell(f"{before.name} restarted")
            return
        time.sleep(STEP)
    raise StackError(f"{before.name} is not ready again; see {shown(stack.logs)}/{before.name}.log")


def status(stack: Stack) -> bool:
    """Print what runs and where; True only if all of it is usable."""
    state = read_state(stack.folder)
    if not state or not state.running:
        tell("not running" + (f"; the last start failed: {state.error}" if state and state.phase == "failed" else ""))
        tell(f"data {shown(usable_home(stack.folder / POSTGRES))}")
        return False
    everything_up = state.phase == "ready"
    tell(f"{'NAME':<10}{'PID':>8}{'PORT':>7}  {'STATE':<11}{'UPTIME':>9}  URL")
    for process in state.processes:
        up = _is_up(process, state)
        everything_up = everything_up and up
        word = "up" if up else "restarting" if process.id is None else "not ready"
        uptime = _duration(time.time() - process.started_at) if process.id else "-"
        pid = str(process.id.pid) if process.id else "-"
        tell(f"{process.name:<10}{pid:>8}{process.port:>7}  {word:<11}{uptime:>9}  {process.url}")
    tell(f"runner {state.runner.pid}, {state.phase}; logs {shown(stack.logs)}; data {state.data}")
    return everything_up


def reset(stack: Stack) -> None:
    """Stop the stack and delete its data, secrets and logs."""
    state = read_state(stack.folder)
    if state and state.running:
        stop(stack)
    if not stack.folder.exists():
        tell("nothing to delete")
        return
    with only_runner(stack.folder):
        end_orphans(stack.folder)
        home = usable_home(stack.folder / POSTGRES)
        if home.exists():
            shutil.rmtree(home)
        for name in LOCAL_DATA:
            path = stack.folder / name
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)
    with contextlib.suppress(OSError):  # something else is in it
        stack.folder.rmdir()
    tell(f"deleted the data in {home} and all else that `make up` makes")


def tell(text: str) -> None:
    """Print for the person who gave the command."""
    sys.stdout.write(f"{text}\n")


def _is_up(process: ProcessState, state: State) -> bool:
    if process.id is None or not process.id.is_alive():
        return False
    if process.name == POSTGRES:
        return accepts_connections(Path(state.data), process.id.pid)
    return is_ready(process.port, "/healthz" if process.name == GATEWAY else "/readyz")


def _duration(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}h {minutes:02}m" if hours else f"{minutes}m {rest:02}s" if minutes else f"{rest}s"
