"""PgBouncer with the settings that `overlays/production` gives CloudNativePG's Pooler."""

import csv
import io
import os
import shlex
import signal
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import asyncpg

from deploy.local.binaries import postgres_bin
from deploy.local.postgres import Postgres
from deploy.local.postgres_home import server_owner
from deploy.local.processes import ProcessId, spawn
from tests.waiting import until_open

PROGRAM: Final = shlex.split(os.environ.get("PGBOUNCER", "pgbouncer"))
SINCE: Final = {"max_prepared_statements": (1, 21), "auth_dbname": (1, 19)}
"""Parameters that an older PgBouncer refuses."""
GRACE: Final = 10.0
"""Seconds from a signal to end until SIGKILL: from 1.23 on, SIGTERM waits for all clients to leave."""
LOOKS_UP: Final = "cnpg_pooler_pgbouncer"
LOOK_UP: Final = """
CREATE ROLE cnpg_pooler_pgbouncer LOGIN PASSWORD 'looks-up';
GRANT CONNECT ON DATABASE postgres TO cnpg_pooler_pgbouncer;
CREATE FUNCTION user_search(wanted text) RETURNS TABLE (usename name, passwd text) LANGUAGE sql SECURITY DEFINER
AS 'SELECT usename, passwd FROM pg_shadow WHERE usename = wanted';
REVOKE ALL ON FUNCTION user_search(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION user_search(text) TO cnpg_pooler_pgbouncer;
"""
"""As the operator prepares a Cluster: PgBouncer knows no passwords, and asks PostgreSQL for their SCRAM secrets."""


def version() -> tuple[int, ...]:
    said = subprocess.run([*PROGRAM, "--version"], capture_output=True, text=True, check=True).stdout
    return tuple(int(part) for part in said.split()[1].split("."))


def parameters(pooler: Mapping[str, Any]) -> dict[str, str]:
    """The Pooler's own, then those that the operator sets, but TLS: the wheel's PostgreSQL has none."""
    wanted = {
        "pool_mode": pooler["spec"]["pgbouncer"]["poolMode"],
        "auth_type": "hba",
        "auth_user": LOOKS_UP,
        "auth_query": "SELECT usename, passwd FROM public.user_search($1)",
        "auth_dbname": "postgres",
        "admin_users": "pgbouncer",
        "ignore_startup_parameters": "extra_float_digits,options",
        "log_stats": "0",
        **pooler["spec"]["pgbouncer"]["parameters"],
    }
    return {name: value for name, value in wanted.items() if version() >= SINCE.get(name, (0,))}


@dataclass
class Instance:
    """One process. Those of a pooler share its port, and the kernel distributes the connections: their Service."""

    folder: Path
    port: int
    postgres: Postgres
    settings: Mapping[str, str]
    users: str
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        owner = server_owner(self.folder)  # it does not run as root
        self.folder.mkdir(parents=True, exist_ok=True)
        here = {
            "listen_addr": "127.0.0.1",
            "listen_port": str(self.port),
            "so_reuseport": "1",
            "unix_socket_dir": str(self.folder),
            "auth_file": str(self.folder / "users"),
            "auth_hba_file": str(self.folder / "hba"),
        }
        lines = [f"{name} = {value}" for name, value in {**self.settings, **here}.items()]
        files = {
            "pgbouncer.ini": f"[databases]\n* = host=127.0.0.1 port={self.postgres.port}\n[pgbouncer]\n"
            + "\n".join([*lines, ""]),
            "users": self.users,
            "hba": "local pgbouncer pgbouncer trust\nhost all all 127.0.0.1/32 md5\n",  # md5: SCRAM for such a secret
        }
        for name, text in files.items():
            (self.folder / name).write_text(text)
        if owner:
            for path in (self.folder, *self.folder.iterdir()):
                os.chown(path, owner.uid, owner.gid)
        with (self.folder / "log").open("ab") as log:
            command = [*PROGRAM, str(self.folder / "pgbouncer.ini")]
            self.process = spawn(command, log=log, on_our_death=signal.SIGKILL, owner=owner)
        while not (self.folder / f".s.PGSQL.{self.port}").exists():
            assert self.process.poll() is None, (self.folder / "log").read_text()[-2000:]
        until_open(self.port)

    def signal(self, number: signal.Signals) -> None:
        assert self.process
        self.process.send_signal(number)
        if number != signal.SIGHUP:
            try:
                self.process.wait(GRACE)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
            (self.folder / f".s.PGSQL.{self.port}").unlink(missing_ok=True)

    def say(self, *commands: str) -> list[dict[str, str]]:
        """Commands of PgBouncer's console, on one connection: their rows."""
        place = ["-h", str(self.folder), "-p", str(self.port), "-U", "pgbouncer", "pgbouncer"]
        words = [word for command in commands for word in ("-c", command)]
        done = subprocess.run(
            [postgres_bin() / "psql", "--no-psqlrc", "--csv", *place, *words],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return list(csv.DictReader(io.StringIO(done.stdout)))

    @property
    def is_alive(self) -> bool:
        return self.process is not None and ProcessId.of(self.process.pid).is_alive()


@dataclass
class Pooler:
    """The pooler of one service, with as many instances as its manifest says."""

    manifest: Mapping[str, Any]
    folder: Path
    port: int
    postgres: Postgres
    password: str
    instances: list[Instance] = field(default_factory=list)

    @property
    def users(self) -> str:
        """PgBouncer's own list of users: it looks up the others in PostgreSQL, but an old one cannot."""
        service = self.manifest["spec"]["cluster"]["name"].removesuffix("-db")
        known = {LOOKS_UP: "looks-up"} if version() >= SINCE["auth_dbname"] else {service: self.password}
        return "".join(f'"{name}" "{password}"\n' for name, password in known.items())

    def start(self) -> None:
        for number in range(self.manifest["spec"]["instances"]):
            folder = self.folder / str(number)
            self.instances.append(Instance(folder, self.port, self.postgres, parameters(self.manifest), self.users))
            self.instances[-1].start()

    def say(self, command: str) -> list[dict[str, str]]:
        """The rows of all running instances."""
        return [row for one in self.instances if one.is_alive for row in one.say(command)]

    def stop(self) -> None:
        for one in self.instances:
            if one.is_alive:
                one.signal(signal.SIGKILL)


async def prepare(postgres: Postgres) -> None:
    connection = await asyncpg.connect(postgres.dsn)
    try:
        await connection.execute(LOOK_UP)
    finally:
        await connection.close()
