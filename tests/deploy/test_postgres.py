"""The launcher of PostgreSQL: starts, stops, crashes and damaged folders."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

import pytest

from common.db.database import LONGEST_STATEMENT
from deploy.local import postgres_home
from deploy.local.binaries import postgres_bin
from deploy.local.databases import ensure_database
from deploy.local.ports import PortTaken
from deploy.local.postgres import Postgres
from deploy.local.postgres_home import MIB, PostgresError, usable_home, usable_programs
from deploy.local.processes import Owner, ProcessId
from tests.waiting import wait_until

pytestmark = pytest.mark.stack

ROOT = Path(__file__).parents[2]
NOBODY = Owner(65534, 65534)


def ask(server: Postgres, sql: str, login: str | None = None) -> str:
    """psql's output for a query, or its error."""
    done = subprocess.run(
        [server.bin / "psql", login or server.dsn, "-Atc", sql], capture_output=True, text=True, check=False
    )
    return (done.stdout + done.stderr).strip()


@pytest.fixture(scope="module")
def prepared(shared_open_folder: Path) -> Postgres:
    """A stopped server with data, which tests start and stop."""
    server = Postgres(shared_open_folder / "postgres", fsync=False)
    with server:
        pass
    return server


@pytest.fixture
def server(prepared: Postgres) -> Iterator[Postgres]:
    """One server for all tests; each test leaves it stopped."""
    yield prepared
    prepared.stop()


@contextmanager
def without(path: Path) -> Iterator[None]:
    """Remove a file or folder, and restore it afterwards."""
    path.rename(path.with_name("taken-away"))
    yield
    if path.is_dir():
        shutil.rmtree(path)
    path.with_name("taken-away").replace(path)


def test_it_starts_where_nothing_is_and_finds_its_data_again(open_folder: Path) -> None:
    server = Postgres(open_folder / "not" / "there" / "yet", fsync=False)
    with server:
        ask(server, "CREATE TABLE kept AS SELECT 7 AS number")
        first_port = server.port
    again = Postgres(open_folder / "not" / "there" / "yet", fsync=False)
    with again:
        assert ask(again, "SELECT number FROM kept") == "7"
        assert again.port == first_port
    shutil.rmtree(again.data)  # a lost folder is created again
    with again:
        assert "does not exist" in ask(again, "SELECT number FROM kept")


def test_only_this_machine_and_only_with_the_password_gets_in(server: Postgres) -> None:
    with server:
        assert ask(server, "SHOW listen_addresses") == "127.0.0.1"
        assert "password" in ask(server, "SELECT 1", f"postgresql://postgres:guess@127.0.0.1:{server.port}/postgres")
    assert (server.home / "password").stat().st_mode & 0o077 == 0


def test_a_service_reaches_its_own_rows_and_nothing_else(server: Postgres) -> None:
    with server:
        for service in ("users", "auth"):
            for _ in range(2):  # it may be run again
                ensure_database(server, service, owner_password="o" * 32, password="p" * 32)
        address = f"127.0.0.1:{server.port}"
        owner, service = f"postgresql://users_owner:{'o' * 32}@{address}", f"postgresql://users:{'p' * 32}@{address}"
        ask(server, "CREATE TABLE post (id bigint GENERATED ALWAYS AS IDENTITY, body text)", f"{owner}/users")
        assert ask(server, "INSERT INTO post (body) VALUES ('x') RETURNING id", f"{service}/users").startswith("1")
        assert ask(server, "SHOW statement_timeout", f"{service}/users") == f"{LONGEST_STATEMENT:g}s"
        assert ask(server, "SHOW work_mem", f"{service}/users") == "16MB"
        for refused in ("CREATE TABLE mine (id int)", "DROP TABLE post", "TRUNCATE post"):
            assert "ERROR" in ask(server, refused, f"{service}/users")
        for login in (service, owner):
            for database in ("auth", "postgres", "template1"):
                assert "CONNECT" in ask(server, "SELECT 1", f"{login}/{database}")


def test_a_password_of_ones_own_may_hold_any_character(server: Postgres, tmp_path: Path) -> None:
    """deploy/postgres/init.sh, as containers run it."""
    password = r"""it's \ \n '' %s $HOME "and" 0123456789 0123456789"""
    script = (ROOT / "deploy/postgres/init.sh").read_text()
    script = script.replace("/run/secrets", str(tmp_path))
    script = script.replace("/service-database.sql", str(ROOT / "deploy/postgres/service-database.sql"))
    (tmp_path / "init.sh").write_text(script)
    for role in ("owner-password", "password"):
        (tmp_path / f"auth-{role}").write_text(f"{password}\n")
    with server:
        login = {"PGHOST": "127.0.0.1", "PGPORT": str(server.port), "PATH": f"{server.bin}:{os.environ['PATH']}"}
        superuser = {**os.environ, **login, "PGPASSWORD": server.password, "SERVICE": "auth"}
        subprocess.run(["/bin/sh", tmp_path / "init.sh"], env=superuser, check=True)
        for role in ("auth", "auth_owner"):
            address = f"postgresql://{role}:{quote(password, safe='')}@127.0.0.1:{server.port}/auth"
            assert ask(server, "SELECT current_user", address) == role


def test_a_second_start_on_the_same_data_is_refused(server: Postgres) -> None:
    with server, pytest.raises(PostgresError, match="in use by another process"):
        Postgres(server.home).start()


def test_a_stale_pid_file_does_not_stop_the_next_start(server: Postgres) -> None:
    with server:
        left_behind = (server.data / "postmaster.pid").read_text()
    (server.data / "postmaster.pid").write_text(left_behind)
    with server:
        assert ask(server, "SELECT 1") == "1"


def test_nothing_is_left_when_its_starter_is_killed(server: Postgres) -> None:
    code = (
        "import sys, time; from pathlib import Path; from deploy.local.postgres import Postgres\n"
        "print(Postgres(Path(sys.argv[1]), fsync=False).start().pid, flush=True); time.sleep(60)"
    )
    starter = subprocess.Popen([sys.executable, "-c", code, server.home], stdout=subprocess.PIPE, text=True, cwd=ROOT)
    assert starter.stdout
    with starter.stdout:
        postgres = ProcessId.of(int(starter.stdout.readline()))
    assert postgres.is_alive()
    starter.kill()
    starter.wait()
    if sys.platform == "linux":
        wait_until(lambda: not postgres.is_alive())
    with server:  # on other systems this ends the remaining server
        assert not postgres.is_alive()


def test_data_without_a_version_are_damaged(server: Postgres) -> None:
    with without(server.data / "PG_VERSION"), pytest.raises(PostgresError, match=r"damaged .*make reset"):
        server.start()


def test_data_of_another_major_version_are_left_alone(server: Postgres) -> None:
    with without(server.data / "PG_VERSION"):
        (server.data / "PG_VERSION").write_text("9\n")
        with pytest.raises(PostgresError, match=r"written by PostgreSQL 9, .*PG_BIN"):
            server.start()


def test_data_with_a_part_missing_are_damaged_in_postgresqls_own_words(server: Postgres) -> None:
    with without(server.data / "global"), pytest.raises(PostgresError, match=r"did not start, see .*server.log:\n"):
        server.start()
    with server:
        assert ask(server, "SELECT 1") == "1"


def test_no_room_is_said_before_anything_is_made(open_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Usage(NamedTuple):
        free: int

    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(free=3 * MIB))
    server = Postgres(open_folder / "postgres")
    with pytest.raises(PostgresError, match=r"no disk space: .* has 3 MiB free"):
        server.start()
    assert not server.data.exists()


def test_a_taken_port_is_named_with_its_holder(server: Postgres) -> None:
    with server:
        other = Postgres(server.home.parent / "other", port=server.port, fsync=False)
        with pytest.raises(PortTaken, match=f"port {server.port} is taken.*PG_PORT="):
            other.start()


def test_it_is_started_from_the_main_thread_only(server: Postgres) -> None:
    with ThreadPoolExecutor(1) as threads, pytest.raises(RuntimeError, match="main thread"):
        threads.submit(server.start).result()


def test_an_ordinary_user_can_start_it(open_folder: Path) -> None:
    """Root becomes one once all is imported, and has the programs copied: a clone may be closed to others."""
    code = (
        "import os, pwd, sys; from pathlib import Path; from deploy.local.postgres import Postgres\n"
        "if os.geteuid() == 0:\n"
        "    nobody = pwd.getpwnam('nobody'); os.setgroups([]); os.setgid(nobody.pw_gid); os.setuid(nobody.pw_uid)\n"
        "with Postgres(Path(sys.argv[1]), fsync=False) as server: print(server.home)"
    )
    open_folder.chmod(0o777)
    programs = usable_programs(postgres_bin(), open_folder, NOBODY)
    done = subprocess.run(
        [sys.executable, "-c", code, open_folder / "postgres"],
        capture_output=True, text=True, cwd=ROOT, env={**os.environ, "PG_BIN": str(programs)}, check=False,
    )  # fmt: skip
    assert done.stderr == ""
    assert done.stdout.strip() == str(open_folder / "postgres")


@pytest.fixture
def as_root(monkeypatch: pytest.MonkeyPatch) -> None:
    """For root, PostgreSQL is another user. For others, only its folders are chosen as if it were."""
    if os.geteuid() != 0:
        monkeypatch.setattr(postgres_home, "server_owner", lambda _: NOBODY)
        copied = "deploy.local.postgres.usable_programs"
        monkeypatch.setattr(copied, lambda programs, home, _: usable_programs(programs, home, NOBODY))


@pytest.mark.usefixtures("as_root")
def test_a_folder_closed_to_the_servers_user_gets_a_substitute(open_folder: Path) -> None:
    closed = open_folder / "closed"
    closed.mkdir(mode=0o700)
    home = usable_home(closed / "postgres")
    assert home.parent == Path("/var/lib")
    assert usable_home(closed / "postgres") == home
    assert usable_home(open_folder / "postgres") == open_folder / "postgres"
    assert closed.stat().st_mode & 0o777 == 0o700


@pytest.mark.usefixtures("as_root")
def test_programs_closed_to_the_servers_user_are_copied(server: Postgres, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres_home, "_may_enter", lambda *_: False)  # as with a clone under /root
    with server:
        assert server.bin.is_relative_to(server.home)
        assert ask(server, "SELECT 1") == "1"
