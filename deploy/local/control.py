"""The commands of a whole stack: start it in the background, stop it, delete it."""

from __future__ import annotations

import contextlib
import shutil
import signal
import subprocess
import sys
import time

from deploy.local.errors import StackError
from deploy.local.postgres_home import usable_home
from deploy.local.runner_lock import end_orphans, only_runner
from deploy.local.stack import CONSOLE, GATEWAY, POSTGRES, ROOT, Stack
from deploy.local.state import read_state
from deploy.local.supervisor import STOP_PATIENCE

STEP = 0.05
# Everything of ours in LOCAL_DIR, which may hold other files too. Not the backups: they outlive a reset.
LOCAL_DATA = (
    "caddy",
    "compose.json",
    "restarts.json",
    "bench.json",
    "faults.json",
    "halted.json",
    "halted.json.lock",
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
    """Start the stack in the background, and return once it is ready.

    Raises:
        StackError: the stack could not start; with the runner's reason.
    """
    stop_if_outdated(stack)
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
    if stack.console_link:
        tell(f"console {stack.console_link}")


def stop_if_outdated(stack: Stack) -> None:
    """Stop a running stack that has other services than deploy/services.toml names for this one."""
    state = read_state(stack.folder)
    if state and state.phase == "ready" and state.running:
        running = {process.service for process in state.processes} - {POSTGRES, GATEWAY, CONSOLE}
        if differing := sorted(running ^ set(stack.services)):
            tell(f"starting anew, for the change of {', '.join(differing)}")
            stop(stack)


def stop(stack: Stack) -> None:
    """Stop the stack, and return once all its processes have ended."""
    state = read_state(stack.folder)
    if not state or not state.running:
        end_orphans(stack.folder)
        tell("not running")
        return
    # The runner first waits for its processes. It is killed only if it hangs itself.
    if not state.runner.end([signal.SIGTERM], STOP_PATIENCE + 15):
        state.runner.end([signal.SIGKILL], 5)
    end_orphans(stack.folder)
    tell("stopped")


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
    with contextlib.suppress(OSError):  # it holds other files
        stack.folder.rmdir()
    tell(f"deleted the data in {home} and all else that `make up` makes")


def tell(text: str) -> None:
    """Print a line for the user."""
    sys.stdout.write(f"{text}\n")
