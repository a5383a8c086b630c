"""`make up`: PostgreSQL, the migrations, the services and the gateway, supervised until they are stopped.

`make dev` is the same, and renews the parts whose files change.

One loop in the main thread, ten rounds a second: only that thread may start processes (see processes.spawn).
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from types import FrameType

from deploy.gateway.site import build as build_site
from deploy.local.changes import PAGE, Changes, watched
from deploy.local.databases import ensure_database
from deploy.local.errors import StackError
from deploy.local.halted import read_halted, resume_all
from deploy.local.health import is_ready
from deploy.local.logs import Log, Terminal
from deploy.local.migrated import Migrated
from deploy.local.ports import require_free
from deploy.local.postgres import Postgres
from deploy.local.postgres_home import usable_home
from deploy.local.processes import ProcessId, spawn
from deploy.local.runner_lock import end_orphans, only_runner
from deploy.local.secret_files import ensure_secrets
from deploy.local.stack import CONSOLE, CONSOLE_TOKEN, GATEWAY, POSTGRES, ROOT, Stack, code_version, shown
from deploy.local.state import Phase, ProcessState, State, write_state
from deploy.local.supervisor import HOPELESS, READY_PATIENCE, STOP_PATIENCE, Start, Supervised
from deploy.services import ISSUER

ROUND = 0.1
LOOK_EVERY = 0.3  # seconds between checks for changed files; a check takes some milliseconds
LONGEST_END = 1.0  # seconds for a process whose files have changed
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Stopped(Exception):
    """A signal asked us to stop."""


class Runner:
    """Starts and supervises the stack's processes."""

    def __init__(self, stack: Stack, *, background: bool = False, develop: bool = False) -> None:
        for_eyes = sys.stdout.isatty() and not background
        self._stack = replace(stack, log_format="console") if for_eyes else stack
        self._background = background
        self._changes = Changes(watched()) if develop else None
        self._look_at = 0.0
        self._waiting = {GATEWAY: "/healthz", **{replica.name: "/readyz" for replica in stack.all_replicas}}
        if CONSOLE in stack.ports:
            self._waiting[CONSOLE] = "/healthz"
        self._names = [POSTGRES, *self._waiting]
        self._terminal = Terminal(["trivium", *self._names])
        self._me = ProcessId.of(os.getpid())
        self._stops_asked = 0
        self._phase: Phase = "starting"
        self._error = ""
        self._logs: dict[str, Log] = {}
        self._versions: dict[str, str] = {}
        self._programs: list[Supervised] = []
        self._postgres: Postgres | None = None

    def run(self) -> None:
        """Run until a signal to stop; leaves no process behind.

        Raises:
            StackError: the stack could not start, or runs already.
        """
        stack = self._stack
        stack.folder.mkdir(parents=True, exist_ok=True)
        with only_runner(stack.folder):
            end_orphans(stack.folder)
            for number in STOP_SIGNALS:
                signal.signal(number, self._ask_to_stop)
            try:
                resume_all(stack.folder)
                self._record()
                self._start()
                self._phase = "ready"
                self._record()
                self._announce()
                while True:
                    self._round()
                    self._renew_what_changed()
            except Stopped:
                self._say("stopping")
                self._phase = "stopped"
            except StackError as error:
                self._phase, self._error = "failed", str(error)
                raise
            finally:
                self._stop()
                self._record()

    def _start(self) -> None:
        """Start all processes; before a migration none that needs its database."""
        stack = self._stack
        for name, port in stack.named_ports.items():
            require_free(port, "PORT" if name == GATEWAY else f"{name.partition('-')[0].upper()}_PORT")
        data = usable_home(stack.folder / POSTGRES) / "data"
        if data.exists() and not (stack.secrets / "key-encryption-key").exists():
            lost = f"the secrets in {shown(stack.secrets)} are lost, and the data in {shown(data)} need them"
            raise StackError(f"{lost}: put them back, or start anew with `make reset`")
        ensure_secrets(stack.secrets, *([CONSOLE_TOKEN] if CONSOLE in stack.ports else []))
        self._logs = {name: Log(stack.logs / f"{name}.log") for name in self._names}
        settings = {"log_checkpoints": "off", "max_connections": str(max(200, 40 * len(stack.all_replicas)))}
        folder, log = stack.folder / POSTGRES, self._logs[POSTGRES].path
        postgres = self._postgres = Postgres(folder, port=stack.postgres_port, settings=settings, log=log)
        self._watch(POSTGRES, postgres.launch).start_now()
        migrated = Migrated(stack, postgres)
        if all(migrated.seems_current(service) for service in stack.databases):
            self._watch_rest(postgres.port, only=ISSUER)  # it loads the longest, and waits for PostgreSQL
        try:
            build_site(stack.site)
        except (OSError, ValueError) as error:
            raise StackError(f"the page cannot be built: {error}") from error
        postgres.await_ready()
        for service in stack.databases:
            passwords = {"password": f"{service}-password", "owner_password": f"{service}-owner-password"}
            ensure_database(postgres, service, **{name: stack.secret(secret) for name, secret in passwords.items()})
        outdated = [service for service in stack.databases if not migrated.is_current(service)]
        if outdated and len(self._programs) > 1:
            self._say(f"not as its last migration left it: {', '.join(outdated)}; migrating before its service starts")
            self._end(self._programs[1:])
            del self._programs[1:]
        self._migrate(postgres, outdated)
        self._watch_rest(postgres.port)
        self._await_ready()

    def _watch_rest(self, postgres_port: int, only: str | None = None) -> None:
        """Start the services, the gateway and the console, or one service of them, if they were not started yet."""
        watched_names = {program.name for program in self._programs}
        for name, (command, environment) in self._stack.programs(postgres_port).items():
            if name not in watched_names and only in (None, name.partition("-")[0]):
                self._watch(name, self._starter(name, command, environment))
        self._round()  # starts them

    def _watch(self, name: str, start: Start) -> Supervised:
        """Supervise a process from the next round on."""
        program = Supervised(name, start, self._say)
        self._programs.append(program)
        return program

    def _starter(self, name: str, command: list[str], environment: dict[str, str]) -> Start:
        def start() -> subprocess.Popen[bytes]:
            if name != GATEWAY:
                self._versions[name] = code_version()
            self._stack.logs.mkdir(exist_ok=True)
            with self._logs[name].path.open("ab") as log:
                # SIGKILL: after our end nobody waits for its answers
                return spawn(command, log=log, on_our_death=signal.SIGKILL, environment=environment, cwd=ROOT)

        return start

    def _migrate(self, postgres: Postgres, services: Sequence[str]) -> None:
        """Migrate these databases, in parallel."""
        stack, running = self._stack, {}
        for service in services:
            environment = stack.migration_environment(service, postgres.port)
            log = stack.replicas(service)[0].name
            running[service] = self._starter(log, stack.migration_command(service), environment)()
        try:
            while any(migration.poll() is None for migration in running.values()):
                self._round()
        finally:
            for migration in running.values():
                migration.kill()
                migration.wait()
        for service, migration in running.items():
            if migration.returncode != 0:
                said = self._logs[stack.replicas(service)[0].name].last_lines(15)
                raise StackError(f"the migration of {service} failed:\n{said}")
        Migrated(stack, postgres).note(list(running))

    def _await_ready(self) -> None:
        deadline = time.monotonic() + READY_PATIENCE
        waiting, ports = dict(self._waiting), self._stack.named_ports
        while waiting:
            self._round()
            for program in self._programs:
                path = waiting.get(program.name)
                if path and program.running and is_ready(ports[program.name], path):
                    del waiting[program.name]
                elif path and program.deaths >= HOPELESS:
                    raise StackError(f"{program.name} does not start:\n{self._logs[program.name].last_lines(15)}")
            if waiting and time.monotonic() > deadline:
                late = next(iter(waiting))
                lines = self._logs[late].last_lines(15)
                raise StackError(f"{', '.join(waiting)} not ready after {READY_PATIENCE:.0f} s; {late}:\n{lines}")

    def _round(self) -> None:
        """One round of supervision.

        Raises:
            Stopped: a signal asked us to stop.
        """
        if self._stops_asked:
            raise Stopped
        halted = read_halted(self._stack.folder)
        changes = [program.let_run(program.name not in halted) for program in self._programs]
        changes += [program.tick() for program in self._programs]
        if any(changes):
            try:
                self._record()
            except OSError as error:  # a full disk is no reason to stop serving
                self._say(f"cannot note the state: {error}")
        self._show_logs()
        time.sleep(ROUND if self._phase == "ready" else ROUND / 4)

    def _renew_what_changed(self) -> None:
        """In development: migrate, restart or copy the parts whose files have changed. Errors in them end nothing."""
        if self._changes is None or time.monotonic() < self._look_at:
            return
        self._look_at = time.monotonic() + LOOK_EVERY
        changed = self._changes.since_last_time()
        schemas = [service for service in self._stack.databases if f"{service} schema" in changed]
        if schemas and self._postgres:
            self._say(f"changed: the schema of {', '.join(schemas)}; migrating")
            try:
                self._migrate(self._postgres, schemas)
            except StackError as error:
                self._say(str(error))
        if PAGE in changed:
            try:
                build_site(self._stack.site)
                self._say("changed: the page")
            except (OSError, ValueError) as error:  # half saved, for example
                self._say(f"the page is as before: {error}")
        programs = [program for program in self._programs if program.name.partition("-")[0] in changed]
        for program in programs:
            self._say(f"changed: {program.name}; starting it again")
            program.renew(LONGEST_END)

    def _show_logs(self) -> None:
        for name, log in self._logs.items():
            log.keep_small()
            if not self._background:
                for line in log.new_lines():
                    self._terminal.say(name, line)

    def _stop(self) -> None:
        """Stop the gateway and the services, then the console, which takes their last spans, then PostgreSQL."""
        self._end([program for program in self._programs if program.name not in (CONSOLE, POSTGRES)])
        self._end([program for program in self._programs if program.name == CONSOLE])
        if self._postgres:
            self._postgres.stop()
        self._show_logs()
        self._programs = []

    def _end(self, programs: Sequence[Supervised]) -> None:
        """Stop processes; kill them after a while, or at a second Ctrl-C."""
        for program in programs:
            program.ask_to_stop()
        asked_before, deadline = self._stops_asked, time.monotonic() + STOP_PATIENCE
        while any(program.running for program in programs):
            if time.monotonic() > deadline or self._stops_asked > max(asked_before, 1):
                break
            self._show_logs()
            time.sleep(ROUND / 2)
        for program in programs:
            program.force_to_stop()

    def _announce(self) -> None:
        self._say(f"ready: {self._stack.url(GATEWAY)}")
        self._say(f"  API docs {self._stack.url(GATEWAY)}/docs")
        self._say(f"  logs {shown(self._stack.logs)}, data {shown(self._data())}")
        if not self._background:  # else our output is a file, and the link holds a secret
            if link := self._stack.console_link:
                self._say(f"  console {link}")
            self._say("Ctrl-C stops it; `make demo` in another terminal shows it at work")

    def _record(self) -> None:
        processes, ports = [], self._stack.named_ports
        for program in self._programs:
            is_postgres = self._postgres is not None and program.name == POSTGRES
            port = self._postgres.port if is_postgres and self._postgres else ports.get(program.name, 0)
            url = f"postgresql://127.0.0.1:{port}" if is_postgres else self._stack.url(program.name)
            told = program.restarts, program.last_end, self._versions.get(program.name, ""), program.halted
            processes.append(ProcessState(program.name, port, url, program.started_at, program.id, *told))
        state = State(self._me, self._phase, self._error, self._stack.url(GATEWAY), str(self._data()), processes)
        write_state(self._stack.folder, state)

    def _data(self) -> Path:
        return self._postgres.data if self._postgres else self._stack.folder / POSTGRES

    def _say(self, text: str) -> None:
        self._terminal.say("trivium", text)

    def _ask_to_stop(self, _signal: int, _frame: FrameType | None) -> None:
        self._stops_asked += 1
