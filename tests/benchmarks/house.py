"""The measured processes: PostgreSQL as in production (fsync on), the services, and two apps for comparison."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import asyncpg

from deploy.local.databases import ensure_database
from deploy.local.errors import StackError
from deploy.local.health import is_ready
from deploy.local.ports import free_port
from deploy.local.postgres import Postgres
from deploy.local.processes import spawn
from deploy.local.secret_files import ensure_secrets
from deploy.local.stack import ROOT, Stack
from deploy.services import DATABASES, SERVICES

PATIENCE = 60.0
LARGE, SMALL = "posts_large", "posts_small"
"""Two more databases of posts, for lists: one has a thousandth of the other's rows."""
RIVAL = "posts_rival"
"""Another database for writes of the limit and the plain idiom, without a relay of ours."""


@dataclass
class House:
    """All processes of a benchmark. Its folder is deleted at the end."""

    folder: Path
    stack: Stack = field(init=False)
    postgres: Postgres = field(init=False)
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    ports: dict[str, int] = field(default_factory=dict)

    def __enter__(self) -> Self:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.ports = {name: free_port() for name in (*SERVICES, "gateway")}
        self.stack = Stack(self.folder, self.ports, None)
        ensure_secrets(self.stack.secrets)
        self.postgres = Postgres(self.folder / "postgres", settings={"max_wal_size": "4GB"})
        self.postgres.remove()
        self.postgres.start()
        try:
            for service in DATABASES:
                self._make_database(service)
            for copy in (LARGE, SMALL, RIVAL):
                asyncio.run(self._run(f"CREATE DATABASE {copy} TEMPLATE posts OWNER posts_owner"))
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        for process in self.processes.values():
            process.terminate()
        for name in list(self.processes):
            self.stop(name)
        self.postgres.remove()

    def _make_database(self, service: str) -> None:
        owner_password, password = (self.stack.secret(f"{service}-{word}") for word in ("owner-password", "password"))
        ensure_database(self.postgres, service, owner_password=owner_password, password=password)
        environment = self.stack.migration_environment(service, self.postgres.port)
        subprocess.run(self.stack.migration_command(service), env=environment, cwd=ROOT, check=True)

    async def _run(self, statement: str) -> None:
        connection = await asyncpg.connect(self.postgres.dsn)
        await connection.execute(statement)
        await connection.close()

    def dsn(self, database: str, role: str) -> str:
        """The connection URL of a database for a service's own role, with the password."""
        password = self.stack.secret(f"{role}-password")
        return f"postgresql://{role}:{password}@127.0.0.1:{self.postgres.port}/{database}"

    def superuser_dsn(self, database: str) -> str:
        return f"{self.postgres.dsn.rpartition('/')[0]}/{database}"

    def environment(self, service: str) -> dict[str, str]:
        """A service's settings, with tokens that are valid for the whole run."""
        return {**self.stack.service_environment(service, self.postgres.port), "ACCESS_TTL": "PT15M"}

    def start_service(self, service: str, name: str = "", **settings: str) -> str:
        """Run a service; returns its base address once it is ready. A second process of a service needs a `name`."""
        port = free_port() if name else self.ports[service]
        command = [sys.executable, "-m", service, "serve", "--port", str(port)]
        return self._start(name or service, command, port, {**self.environment(service), **settings}, "/readyz")

    def start_app(self, module: str, environment: Mapping[str, str]) -> str:
        """Run `limit` or `plain`; returns its base address once it answers."""
        port = free_port()
        command = [sys.executable, "-m", f"tests.benchmarks.{module}", str(port)]
        return self._start(module, command, port, {**os.environ, **environment}, "/livez")

    def run_command(self, *command: str) -> None:
        """Run a service's command: `run_command("auth", "grant-role", …)`."""
        line, environment = [sys.executable, "-m", *command], self.environment(command[0])
        subprocess.run(line, env=environment, cwd=ROOT, check=True, capture_output=True)

    def _start(self, name: str, command: list[str], port: int, environment: dict[str, str], probe: str) -> str:
        path = self.folder / f"{name}.log"
        with path.open("wb") as log:
            process = spawn(command, log=log, on_our_death=signal.SIGKILL, environment=environment, cwd=ROOT)
        self.processes[name] = process
        deadline = time.monotonic() + PATIENCE
        while not is_ready(port, probe):
            if process.poll() is not None or time.monotonic() > deadline:
                raise StackError(f"{name} does not start:\n{path.read_text()[-2000:]}")
            time.sleep(0.05)
        return f"http://127.0.0.1:{port}"

    def stop(self, name: str) -> None:
        process = self.processes.pop(name)
        process.terminate()
        process.wait(30)

    def memory_mb(self, name: str) -> float:
        """A process's memory (RSS); 0 without /proc."""
        status = Path(f"/proc/{self.processes[name].pid}/status")
        lines = status.read_text().splitlines() if status.exists() else []
        return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS")), 0.0)
