"""The commands that apply the current code to a running stack: migrate, restart, or run a service's command."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence

from deploy.local.control import STEP, tell
from deploy.local.databases import schema_version
from deploy.local.errors import StackError
from deploy.local.halted import resume
from deploy.local.health import NO_ANSWER
from deploy.local.logs import LogReader
from deploy.local.migrated import Migrated
from deploy.local.postgres import Postgres
from deploy.local.show import running_postgres, running_state, why_not_up
from deploy.local.stack import ROOT, Stack, shown
from deploy.local.state import ProcessState, read_state
from deploy.local.supervisor import HOPELESS, READY_PATIENCE, STOP_PATIENCE
from deploy.services import DATABASES, SERVICES

STUCK_AFTER = 10.0
"""Seconds that a service may be not ready for the same reason. A person must fix it then."""


def run(stack: Stack, service: str, words: Sequence[str]) -> int:
    """Run a service's own command (`python -m posts outbox status`) with that service's settings.

    Raises:
        StackError: the stack does not run.
    """
    server = running_postgres(stack, running_state(stack))
    environment = {**stack.service_environment(service, server.port), "LOG_FORMAT": "console"}
    return subprocess.run([sys.executable, "-m", service, *words], cwd=ROOT, env=environment, check=False).returncode


def migrate(stack: Stack, services: Sequence[str]) -> None:
    """Migrate the running stack's databases, all by default.

    Raises:
        StackError: the stack does not run, there is no such service, or a migration failed; with its last output.
    """
    if unknown := set(services) - set(DATABASES):
        raise StackError(f"no service {' or '.join(sorted(unknown))}: there are {', '.join(DATABASES)}")
    server = running_postgres(stack, running_state(stack))
    for service in services or stack.databases:
        revision = _migrate_one(stack, server, service)
        tell(f"{service}: migrated to {revision}" if revision else f"{service}: up to date")


def restart(stack: Stack, name: str) -> None:
    """Restart one process of a running stack, or all of a service's, and wait until each successor is ready.

    A service's database is migrated first, if its code has changed. Processes restart one by one, after finishing their
    requests: with several replicas no request fails.

    Raises:
        StackError: the stack does not run, has no such process, or a successor is not ready; with the reason.
    """
    state = running_state(stack)
    processes = [process for process in state.processes if name in (process.name, process.service)]
    if not processes:
        raise StackError(f"no process {name!r}: there are {', '.join(process.name for process in state.processes)}")
    resume(stack.folder, *(process.name for process in processes))
    service = processes[0].service
    if service in DATABASES and (revision := _migrate_one(stack, running_postgres(stack, state), service)):
        tell(f"{service}: migrated to {revision}")
    for process in processes:
        _restart_one(stack, process, signal.SIGTERM if len(processes) > 1 else signal.SIGINT)


def _migrate_one(stack: Stack, server: Postgres, service: str) -> str | None:
    """Run a service's migration if there is something to do; returns the new revision if it changed the database."""
    migrated = Migrated(stack, server)
    if migrated.is_current(service):
        return None
    before = schema_version(server, service)
    command, environment = stack.migration_command(service), stack.migration_environment(service, server.port)
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        said = "\n".join((done.stdout + done.stderr).splitlines()[-15:])
        raise StackError(f"the migration of {service} failed:\n{said}")
    migrated.note([service])
    after = schema_version(server, service)
    return after if after != before else None


def _restart_one(stack: Stack, before: ProcessState, polite: signal.Signals) -> None:
    if before.id is not None and before.id.is_alive():
        os.kill(before.id.pid, polite)
    deadline = time.monotonic() + STOP_PATIENCE + READY_PATIENCE
    reason, since = "", time.monotonic()
    while time.monotonic() < deadline:
        now = read_state(stack.folder)
        after = now.process(before.name) if now else None
        if now and after and after.id != before.id:
            lacking = why_not_up(after, now)
            if lacking is None:
                tell(f"{before.name} restarted")
                return
            if lacking != reason:
                reason, since = lacking, time.monotonic()
            is_stuck = before.service in SERVICES and after.id is not None and reason != NO_ANSWER
            if after.restarts - before.restarts > HOPELESS or (is_stuck and time.monotonic() - since > STUCK_AFTER):
                break
        time.sleep(STEP)
    log = stack.logs / f"{before.name}.log"
    raise StackError(f"{before.name} is not ready: {reason}; the end of {shown(log)}:\n{LogReader(log).last_lines(15)}")
