"""A developer's daily commands: reloads after changes, errors with reasons, logs, psql and migrations."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.local import migrations, renew, show
from deploy.local.changes import Changes, watched
from deploy.local.errors import StackError
from deploy.local.health import is_ready
from deploy.local.logs import LogReader
from deploy.local.stack import CONSOLE, ROOT, Stack
from tests.deploy.stubs import write_stubs
from tests.deploy.test_runner import LocalStack
from tests.waiting import wait_until

pytestmark = pytest.mark.stack

LACKING = '{"status": "not ready", "missing": ["database: older than this release; run migrate"]}'


@pytest.fixture(scope="module")
def lacks(shared_open_folder: Path) -> Path:
    """A file with the missing parts at each service's /readyz."""
    return shared_open_folder / "lacks"


def said(stack: LocalStack) -> Path:
    """What the command tells the developer."""
    return stack.folder.with_name("said")


@pytest.fixture(scope="module")
def developed(shared_open_folder: Path, lacks: Path) -> Iterator[LocalStack]:
    """A stack like `make dev`, which renews changed parts, with stubs of the services."""
    write_stubs(shared_open_folder / "stubs")
    stack = LocalStack(shared_open_folder, STUB_LACKS=str(lacks))
    command = [sys.executable, "-m", "deploy.local", "dev"]
    with said(stack).open("wb") as told:
        process = subprocess.Popen(command, cwd=ROOT, env=stack.environment, stdout=told)
    wait_until(lambda: stack.is_running)
    yield stack
    process.send_signal(signal.SIGINT)
    process.wait()
    assert stack.command("reset").returncode == 0


def touch(path: Path) -> None:
    """Change a file's modification time."""
    os.utime(path)


def test_a_changed_service_starts_again_and_no_other(developed: LocalStack) -> None:
    before = {process.name: process.id for process in developed.state().processes}
    touch(ROOT / "services/users/src/users/__init__.py")
    wait_until(lambda: developed.state().process("users").id not in (None, before["users"]))  # type: ignore[union-attr]
    after = {process.name: process.id for process in developed.state().processes}
    assert {name for name in before if before[name] != after[name]} == {"users"}


def test_a_changed_page_is_served(developed: LocalStack) -> None:
    served = developed.folder / "site/page/index.html"
    built = served.read_text()
    served.write_text("an old one")
    touch(ROOT / "deploy/gateway/page/index.html")
    wait_until(lambda: served.read_text() == built)


def test_a_page_that_cannot_be_built_ends_nothing(developed: LocalStack) -> None:
    served = developed.folder / "site/page/index.html"
    built, in_the_way = served.read_text(), served.with_name("new")
    in_the_way.mkdir()
    touch(ROOT / "deploy/gateway/page/index.html")
    wait_until(lambda: "the page is as before: " in said(developed).read_text())
    assert served.read_text() == built
    in_the_way.rmdir()
    served.write_text("an old one")
    touch(ROOT / "deploy/gateway/page/index.html")
    wait_until(lambda: served.read_text() == built)


def test_status_says_why_and_how_often_and_of_which_version(developed: LocalStack, lacks: Path) -> None:
    users = developed.state().process("users")
    assert users
    assert users.id
    os.kill(users.id.pid, signal.SIGKILL)
    wait_until(lambda: developed.state().process("users").id not in (None, users.id))  # type: ignore[union-attr]
    wait_until(lambda: is_ready(users.port, "/readyz"))
    lacks.write_text(LACKING)
    try:
        shown = developed.command("status")
    finally:
        lacks.unlink()
    assert shown.returncode == 1
    assert "users: database: older than this release; run migrate\n" in shown.stdout
    assert f"users was ended by SIGKILL, {users.restarts + 1} times in all\n" in shown.stdout
    assert "0.1.0+" in shown.stdout


def test_a_restart_that_lacks_something_says_what_and_does_not_wait(
    developed: LocalStack, lacks: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in developed.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(renew, "STUCK_AFTER", 0.1)
    lacks.write_text(LACKING)
    try:
        with pytest.raises(StackError, match="users is not ready: database: older than this release; run migrate"):
            renew.restart(Stack.from_environment(), "users")
    finally:
        lacks.unlink()


def test_the_newest_lines_of_the_logs_are_shown(developed: LocalStack) -> None:
    with (developed.folder / "logs/users.log").open("a") as log:
        log.write("first\nsecond\n")
    shown = developed.command("logs", "users", "--no-follow").stdout
    assert shown.endswith("users | first\nusers | second\n")
    with pytest.raises(StackError, match=r"no logs of nobody; there are auth, .*gateway"):
        show.logs(Stack(developed.folder, {}, None), ["nobody"], follow=False)


def test_psql_is_the_owner_in_the_running_stack(developed: LocalStack) -> None:
    asked = developed.command("psql", "users", "--arguments", "-At -c 'SELECT current_user, current_database()'")
    assert asked.stdout == "users_owner|users\n"


def test_migrate_says_what_it_did_and_a_failure_its_reason(developed: LocalStack) -> None:
    assert developed.command("migrate", "users").stdout == "users: up to date\n"
    failed = developed.command("migrate", "users", STUB_MIGRATION_ERROR="no such column")
    assert failed.returncode == 1
    assert "no such column" in failed.stderr
    with pytest.raises(StackError, match="no service nobody: there are auth, "):
        renew.migrate(Stack(developed.folder, {}, None), ["nobody"])


def test_the_console_reads_its_page_at_each_request_and_starts_again_for_its_code() -> None:
    changes = Changes({CONSOLE: watched()[CONSOLE]})
    touch(ROOT / "deploy/console/page/index.html")
    assert changes.since_last_time() == []
    touch(ROOT / "deploy/console/files.py")
    assert changes.since_last_time() == [CONSOLE]


def test_changes_are_new_changed_and_deleted_files(tmp_path: Path) -> None:
    (tmp_path / "__pycache__").mkdir()
    (tmp_path / "a.py").touch()
    changes = Changes({"code": [tmp_path], "other": [tmp_path / "b.py"]})
    assert changes.since_last_time() == []
    (tmp_path / "__pycache__/a.py").touch()
    (tmp_path / ".a.py.swp").touch()
    assert changes.since_last_time() == []
    os.utime(tmp_path / "a.py", ns=(1, 1))
    assert changes.since_last_time() == ["code"]
    (tmp_path / "b.py").touch()
    assert changes.since_last_time() == ["code", "other"]
    (tmp_path / "a.py").unlink()
    assert changes.since_last_time() == ["code"]


def test_a_log_is_followed_from_its_last_lines_also_after_it_was_emptied(tmp_path: Path) -> None:
    path = tmp_path / "users.log"
    path.write_text("1\n2\n3\n")
    reader = LogReader(path)
    reader.skip_to_last(2)
    assert reader.new_lines() == ["2", "3"]
    path.write_text("4\n")
    assert reader.new_lines() == ["4"]


def test_a_migration_has_the_next_number(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(migrations, "versions", lambda _: tmp_path)
    assert migrations.next_revision("users") == "0001"
    (tmp_path / "0011_long_users.py").touch()
    assert migrations.next_revision("users") == "0012"


def test_a_stack_that_does_not_run_is_told_how_to_start(tmp_path: Path) -> None:
    stack = Stack(tmp_path, {}, None)
    for command in (
        lambda: renew.migrate(stack, ["users"]),
        lambda: renew.restart(stack, "users"),
        lambda: renew.run(stack, "users", ["outbox", "status"]),
        lambda: show.psql(stack, "users", ""),
    ):
        with pytest.raises(StackError, match="the stack does not run: `make start` first"):
            command()
