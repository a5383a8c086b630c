"""A PostgreSQL server on 127.0.0.1, for `make up` and for the tests.

    with Postgres(folder, settings={"max_connections": "50"}, fsync=False) as server:
        connect(server.dsn)

Start it from the main thread: on Linux the server stops when its starter dies, which for the kernel is a thread.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import secrets
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Self

from deploy.local.binaries import postgres_bin
from deploy.local.ports import free_port, is_free, require_free
from deploy.local.postgres_home import (
    ROOM_TO_CREATE,
    ROOM_TO_START,
    PostgresError,
    require_room,
    server_owner,
    usable_home,
    usable_programs,
)
from deploy.local.processes import ProcessId, spawn

FAST_SHUTDOWN = signal.SIGINT
START_PATIENCE = 60.0  # recovery after a crash takes longer than a normal start
STOP_PATIENCE = 10.0


class Postgres:
    """A server with its folder: `data`, the superuser's `password`, the remembered `port`, `server.log`."""

    def __init__(
        self,
        folder: Path,
        *,
        port: int | None = None,
        settings: Mapping[str, str] | None = None,
        fsync: bool = True,
        log: Path | None = None,
    ) -> None:
        """Describe a server; `start` starts it.

        `port=None` takes a free port, and keeps it while it stays free. `fsync=False` is for tests: faster, but a
        crash of the machine loses data. `folder` may be replaced, see `usable_home`.
        """
        self.home = usable_home(folder)
        self.data = self.home / "data"
        self.log = log or self.home / "server.log"
        self.bin = Path()
        self.port = port or 0
        self.process: subprocess.Popen[bytes] | None = None
        self._fixed_port = port
        self._lock: IO[str] | None = None
        durability = {} if fsync else {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
        self._fsync = fsync
        self._settings = {"max_connections": "200", **durability, **(settings or {})}

    @classmethod
    def running(cls, folder: Path, port: int) -> Self:
        """A server that another process has started: to connect to it, not to start or stop it."""
        server = cls(folder, port=port)
        server.bin = postgres_bin()
        return server

    @property
    def password(self) -> str:
        """The superuser's password, created with the data."""
        return (self.home / "password").read_text()

    @property
    def dsn(self) -> str:
        """The superuser's connection URL, password included."""
        return f"postgresql://postgres:{self.password}@127.0.0.1:{self.port}/postgres"

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> subprocess.Popen[bytes]:
        """Create the data if there are none, start the server, and return once it accepts connections.

        Raises:
            PostgresError: it cannot start; with the reason.
            PortTaken: the requested port is in use.
            ProgramNotFound: this machine has no PostgreSQL.
        """
        process = self.launch()
        self.await_ready()
        return process

    def launch(self) -> subprocess.Popen[bytes]:
        """As `start`, but return before it accepts connections, since recovery after a crash may take long."""
        try:
            return self._launch()
        except PermissionError as error:
            self._end()
            raise PostgresError(
                f"{error.filename} belongs to another user: start as that user, or delete it"
            ) from error
        except BaseException:
            self._end()
            raise

    def _launch(self) -> subprocess.Popen[bytes]:
        self.home.mkdir(parents=True, exist_ok=True)
        self._take_lock()
        self._end_orphan()
        owner = server_owner(self.data)
        if owner:
            self.home.chmod(0o755)
        self.bin = usable_programs(postgres_bin(), self.home, owner)
        self._choose_port()
        if self._has_data():
            require_room(self.home, ROOM_TO_START)
        else:
            require_room(self.home, ROOM_TO_CREATE)
            self._create()
        options = {"listen_addresses": "127.0.0.1", "unix_socket_directories": "", **self._settings}
        command: list[str | Path] = [self.bin / "postgres", "-D", self.data, "-p", str(self.port)]
        for name, value in options.items():
            command += ["-c", f"{name}={value}"]
        with self.log.open("ab") as log:
            self.process = spawn(command, log=log, on_our_death=FAST_SHUTDOWN, owner=owner)
        started = ProcessId.of(self.process.pid)
        (self.home / "server.json").write_text(json.dumps([started.pid, started.identity]))
        return self.process

    def await_ready(self) -> None:
        """Return once the launched server accepts connections.

        Raises:
            PostgresError: it has ended, or takes too long.
        """
        process = self.process
        assert process is not None  # noqa: S101  # launched
        try:
            deadline = time.monotonic() + START_PATIENCE
            while not accepts_connections(self.data, process.pid):
                if process.poll() is not None:
                    raise PostgresError(f"PostgreSQL did not start, see {self.log}:\n{self._last_lines()}")
                if time.monotonic() > deadline:
                    raise PostgresError(f"PostgreSQL was not ready after {START_PATIENCE:.0f} s:\n{self._last_lines()}")
                time.sleep(0.01)
        except BaseException:
            self._end()
            raise

    def stop(self) -> None:
        """Shut down; afterwards all commits are on disk (with fsync)."""
        self._end()
        self.port = self._fixed_port or 0

    def _end(self) -> None:
        if self.process is not None:
            for number in (FAST_SHUTDOWN, signal.SIGQUIT, signal.SIGKILL):
                self.process.send_signal(number)
                with contextlib.suppress(subprocess.TimeoutExpired):
                    self.process.wait(STOP_PATIENCE)
                    break
            self.process = None
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def remove(self) -> None:
        """Stop, and delete the folder."""
        self.stop()
        shutil.rmtree(self.home, ignore_errors=True)

    def _take_lock(self) -> None:
        if self._lock is None:
            self._lock = (self.home / "lock").open("w")
            try:
                fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                self._lock.close()
                self._lock = None
                raise PostgresError(f"the data in {self.data} are in use by another process: stop that first") from None

    def _end_orphan(self) -> None:
        """End a server whose starter was killed: we hold the lock, so nobody uses it."""
        with contextlib.suppress(FileNotFoundError, ValueError):
            orphan = ProcessId(*json.loads((self.home / "server.json").read_text()))
            orphan.end([FAST_SHUTDOWN, signal.SIGQUIT, signal.SIGKILL], STOP_PATIENCE)
            left_behind = self.data / "postmaster.pid"
            if left_behind.exists() and left_behind.read_text().split()[0] == str(orphan.pid):
                left_behind.unlink()  # PostgreSQL would not start while another process of this user has that pid

    def _has_data(self) -> bool:
        """Check the data folder first: our messages say what to do, unlike PostgreSQL's."""
        if not self.data.exists() or not any(self.data.iterdir()):
            return False
        if not (self.home / "password").exists():
            raise PostgresError(f"{self.home / 'password'} is lost: put it back, or start anew with `make reset`")
        written_by = self.data / "PG_VERSION"
        if not written_by.exists():
            raise PostgresError(f"{self.data} is damaged (no PG_VERSION): put it back, or start anew with `make reset`")
        if written_by.read_text().strip() != str(self._major()):
            raise PostgresError(
                f"{self.data} was written by PostgreSQL {written_by.read_text().strip()}, this is {self._major()}: "
                "set PG_BIN to that version's programs, or start anew with `make reset`"
            )
        return True

    def _major(self) -> int:
        shown = subprocess.run(
            [self.bin / "postgres", "--version"], capture_output=True, text=True, check=True, cwd="/"
        )
        return int(shown.stdout.split()[2].partition(".")[0])

    def _create(self) -> None:
        """Run initdb beside the final folder, so that an interruption leaves nothing that looks like data."""
        owner = server_owner(self.data)
        unfinished, password = self.home / "data-unfinished", self.home / "password"
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(mode=0o700)
        password.unlink(missing_ok=True)
        password.touch(0o600)
        password.write_text(secrets.token_urlsafe(32))
        if owner:
            os.chown(unfinished, owner.uid, owner.gid)
            os.chown(password, owner.uid, owner.gid)  # initdb reads it
        # Byte order everywhere, so that pages have one order on every system. Letters are still recognised.
        locale = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
        command: list[str | Path] = [self.bin / "initdb", "-D", unfinished, "-U", "postgres", "-E", "UTF8"]
        command += ["-A", "scram-sha-256", f"--pwfile={password}", *(locale if self._major() >= 17 else locale[2:])]
        if not self._fsync:
            command.append("--no-sync")
        creation = spawn(command, log=subprocess.PIPE, on_our_death=signal.SIGKILL, owner=owner)
        said = creation.communicate()[0].decode(errors="replace")
        if creation.returncode != 0:
            raise PostgresError(f"initdb failed:\n{said.strip()}")
        if owner:
            os.chown(password, os.geteuid(), os.getegid())
        if self.data.exists():
            self.data.rmdir()
        unfinished.rename(self.data)

    def _choose_port(self) -> None:
        if self.port:  # requested; or used before a crash, so that others know it
            require_free(self.port, "PG_PORT")
            return
        remembered = self.home / "port"
        if remembered.exists():
            self.port = int(remembered.read_text())
        if not self.port or not is_free(self.port):
            self.port = free_port()
            remembered.write_text(str(self.port))

    def _last_lines(self) -> str:
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-5:])


def accepts_connections(data: Path, pid: int) -> bool:
    """Whether postmaster.pid has `ready` on line 8, and the server's pid on line 1."""
    try:
        lines = (data / "postmaster.pid").read_text().splitlines()
    except FileNotFoundError:
        return False
    return len(lines) >= 8 and lines[0] == str(pid) and lines[7].strip() == "ready"
