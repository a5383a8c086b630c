"""The local stack and the containers, and running PostgreSQL's programs and the services' commands there."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Protocol

from deploy.local.binaries import postgres_bin
from deploy.local.errors import StackError
from deploy.local.postgres_home import usable_home
from deploy.local.stack import ROOT, Stack
from deploy.local.state import read_state


class CommandFailed(StackError):
    """A program failed; the message is its own."""


class Place(Protocol):
    """The local stack, or the containers. Both run."""

    def postgres(
        self, service: str, *command: str, stdin: IO[bytes] | None = None, stdout: IO[bytes] | None = None
    ) -> str:
        """Run one of PostgreSQL's programs as superuser on a service's database server; return its output.

        Raises:
            CommandFailed: its exit code was not 0.
        """

    def service(self, service: str, *words: str) -> str:
        """Run a service's own command, as in `python -m posts reconcile authors`. Raises CommandFailed too."""

    def migrate(self, service: str) -> None:
        """Bring a database to this release's schema. Raises CommandFailed too."""


@dataclass(frozen=True, slots=True)
class LocalPlace:
    """The stack that `make start` runs."""

    stack: Stack
    port: int

    @classmethod
    def running(cls, stack: Stack) -> LocalPlace:
        """Find the running stack.

        Raises:
            StackError: the stack does not run.
        """
        state = read_state(stack.folder)
        server = state.process("postgres") if state and state.running else None
        if server is None:
            raise StackError("the stack does not run: `make start` first")
        return cls(stack, server.port)

    def postgres(
        self, service: str, *command: str, stdin: IO[bytes] | None = None, stdout: IO[bytes] | None = None
    ) -> str:
        password = (usable_home(self.stack.folder / "postgres") / "password").read_text()
        login = {"PGHOST": "127.0.0.1", "PGPORT": str(self.port), "PGUSER": "postgres", "PGPASSWORD": password}
        elsewhere = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
        program = str(postgres_bin() / command[0])
        return _run([program, *command[1:]], {**elsewhere, **login}, stdin, stdout)

    def service(self, service: str, *words: str) -> str:
        environment = {**self.stack.service_environment(service, self.port), "LOG_FORMAT": "console"}
        return _run([sys.executable, "-m", service, *words], environment)

    def migrate(self, service: str) -> None:
        _run(self.stack.migration_command(service), self.stack.migration_environment(service, self.port))


class ComposePlace:
    """The stack of docker-compose.yml."""

    def postgres(
        self, service: str, *command: str, stdin: IO[bytes] | None = None, stdout: IO[bytes] | None = None
    ) -> str:
        inside = ["docker", "compose", "exec", "-T", "--env", "PGUSER=postgres", f"{service}-db", *command]
        return _run(inside, os.environ, stdin, stdout)

    def service(self, service: str, *words: str) -> str:
        return _run(["docker", "compose", "exec", "-T", service, "service", *words], os.environ)

    def migrate(self, service: str) -> None:
        _run(["docker", "compose", "run", "--rm", "--no-deps", f"{service}-migrate"], os.environ)


def _run(
    command: list[str], environment: Mapping[str, str], stdin: IO[bytes] | None = None, stdout: IO[bytes] | None = None
) -> str:
    done = subprocess.run(
        command,
        cwd=ROOT,
        env=environment,
        stdin=stdin or subprocess.DEVNULL,
        stdout=stdout or subprocess.PIPE,
        stderr=subprocess.PIPE,
        check=False,
    )
    if done.returncode != 0:
        said = (done.stderr or done.stdout or b"").decode(errors="replace").strip()
        raise CommandFailed(f"{Path(command[0]).name} {' '.join(command[1:])}: {said}")
    return (done.stdout or b"").decode().strip()
