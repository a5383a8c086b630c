"""The commands of the stack, with stubs of the services: starts, restarts, and no processes left behind."""

import http.client
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.local.ports import free_port
from deploy.local.state import State, read_state
from deploy.services import STARTED
from tests.deploy.stubs import write_stubs
from tests.waiting import GENEROUS, wait_until

pytestmark = pytest.mark.stack

ROOT = Path(__file__).parents[2]


class LocalStack:
    """A stack in its own folder, on free ports, controlled by the command line."""

    def __init__(self, folder: Path, **settings: str) -> None:
        self.folder = folder / "local"
        self.port = free_port()
        ports = {f"{service.upper()}_PORT": str(free_port()) for service in STARTED}
        self.environment = {
            **{name: value for name, value in os.environ.items() if name not in ("PORT_BASE", "PG_PORT")},
            "PYTHONPATH": str(folder / "stubs"),
            "LOCAL_DIR": str(self.folder),
            "PORT": str(self.port),
            "CONSOLE": "off",
            **ports,
            **settings,
        }

    def command(self, *words: str, **settings: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "deploy.local", *words],
            cwd=ROOT, env={**self.environment, **settings}, capture_output=True, text=True, check=False,
            timeout=GENEROUS,
        )  # fmt: skip

    @property
    def is_running(self) -> bool:
        """Checks without a command, which would take a third of a second."""
        state = read_state(self.folder)
        return state is not None and state.running and state.phase == "ready"

    def state(self) -> State:
        state = read_state(self.folder)
        assert state
        return state

    def get(self, path: str, headers: dict[str, str] | None = None) -> tuple[int, str]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=GENEROUS)
        connection.request("GET", path, headers=headers or {})
        answer = connection.getresponse()
        body = answer.read().decode()
        connection.close()
        return answer.status, body


@pytest.fixture(scope="module")
def stubbed(shared_open_folder: Path) -> Path:
    write_stubs(shared_open_folder / "stubs")
    return shared_open_folder


@pytest.fixture(scope="module")
def stack(stubbed: Path) -> Iterator[LocalStack]:
    """A stack that tests start."""
    stack = LocalStack(stubbed)
    yield stack
    assert stack.command("reset").returncode == 0
    assert not stack.folder.exists()


@pytest.fixture
def running(stack: LocalStack) -> LocalStack:
    if not stack.is_running:
        started = stack.command("start")
        assert started.returncode == 0, started.stderr
    return stack


@pytest.fixture
def stopped(stack: LocalStack) -> LocalStack:
    if stack.is_running:
        stack.command("stop")
    return stack


def ids(state: State) -> list[str]:
    return [f"{process.name} {process.id}" for process in state.processes]


def test_it_starts_shows_itself_stops_and_leaves_nothing(running: LocalStack) -> None:
    shown = running.command("status")
    assert shown.returncode == 0
    up = re.findall(r"^(\w+) +\d+ +\d+  up ", shown.stdout, re.MULTILINE)
    assert up == ["postgres", *STARTED, "gateway"], "in the order of their starts"
    processes = [process.id for process in running.state().processes]
    assert running.command("stop").stdout == "stopped\n"
    assert not any(process.is_alive() for process in processes if process)
    assert running.command("status").returncode == 1


@pytest.mark.parametrize("name", ["users", "gateway", "postgres"])
def test_a_killed_process_comes_back_where_it_was(running: LocalStack, name: str) -> None:
    before = running.state().process(name)
    assert before
    assert before.id
    os.kill(before.id.pid, signal.SIGKILL)

    def is_back() -> bool:
        now = running.state().process(name)
        return now is not None and now.id not in (None, before.id)

    wait_until(is_back)
    now = running.state().process(name)
    assert now
    assert now.port == before.port


def test_one_process_can_be_restarted(running: LocalStack) -> None:
    before = ids(running.state())
    assert running.command("restart", "users").stdout == "users restarted\n"
    after = ids(running.state())
    assert [old.split()[0] for old, new in zip(before, after, strict=True) if old != new] == ["users"]
    assert running.command("restart", "nobody").returncode == 1


def test_several_processes_of_a_service_are_restarted_one_after_the_other(stopped: LocalStack) -> None:
    assert stopped.command("start", REPLICAS_USERS="2").returncode == 0
    before = ids(stopped.state())
    ports = {process.name: process.port for process in stopped.state().processes}
    assert ports["users-2"] == ports["users-1"] + 10 == int(stopped.environment["USERS_PORT"]) + 20
    assert stopped.command("restart", "users").stdout == "users-1 restarted\nusers-2 restarted\n"
    after = ids(stopped.state())
    assert [old.split()[0] for old, new in zip(before, after, strict=True) if old != new] == ["users-1", "users-2"]
    assert stopped.get("/users")[0] == 200
    stopped.command("stop")


def test_a_second_runner_is_refused(running: LocalStack) -> None:
    second = running.command("up")
    assert (second.returncode, second.stdout) == (1, "")
    assert second.stderr.startswith("trivium: the stack runs already")


def test_a_killed_runner_leaves_nothing_and_the_next_start_works(running: LocalStack) -> None:
    processes = [process.id for process in running.state().processes]
    os.kill(running.state().runner.pid, signal.SIGKILL)
    if sys.platform == "linux":
        wait_until(lambda: not any(process.is_alive() for process in processes if process))
    assert running.command("start").returncode == 0
    assert not any(process.is_alive() for process in processes if process)


def test_the_gateway_shows_the_public_paths_only(running: LocalStack) -> None:
    for path in ("/auth/me", "/users", "/users/7", "/users?q=x", "/.well-known/jwks.json"):
        assert running.get(path)[0] == 200
    hidden = ("/internal/events", "/metrics", "/livez", "/readyz", "/nothing", "/usersx", "/auth/../internal/events")
    for path in (*hidden, "/auth/%2e%2e/internal/events"):
        status, body = running.get(path)
        assert (status, "Not Found" in body) == (404, True), path


def test_the_gateway_passes_on_no_clients_word_on_where_it_is_and_how_long_it_waits(running: LocalStack) -> None:
    lie = {"X-Forwarded-For": "203.0.113.9", "X-Forwarded-Proto": "https", "X-Deadline-Ms": "1"}
    assert running.get("/users/7", lie) == (200, "/users/7 127.0.0.1 http")


def test_data_whose_secrets_are_lost_are_left_alone(running: LocalStack) -> None:
    running.command("stop")
    key = running.folder / "secrets" / "key-encryption-key"
    key.rename(key.with_name("elsewhere"))
    failed = running.command("start")
    assert re.search(r"secrets in .* are lost, .*put them back", failed.stderr)
    assert not key.exists()
    key.with_name("elsewhere").rename(key)


def test_up_is_stopped_by_a_signal(stopped: LocalStack) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "deploy.local", "up"],
        cwd=ROOT, env=stopped.environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    ) as runner:  # fmt: skip
        assert runner.stdout
        lines = []
        for line in runner.stdout:
            lines.append(line)
            if "ready:" in line:
                runner.send_signal(signal.SIGINT)
        assert runner.wait() == 0
    assert any(f"ready: http://127.0.0.1:{stopped.port}" in line for line in lines)
    assert any(line.startswith("postgres |") for line in lines)
    assert not any(process.id for process in stopped.state().processes)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"STUB_DIES": "users"}, r"users does not start:\n(.*\n)*KEY_ENCRYPTION_KEY is missing"),
        ({"STUB_MIGRATION_ERROR": "no revision 7"}, r"the migration of auth failed:\nno revision 7"),
        ({"USERS_PORT": "80000"}, r"USERS_PORT=80000 is no port"),
        ({"REPLICAS": "0"}, r"REPLICAS=0: choose a number from 1 to 9"),
        ({"PG_BIN": "/nowhere"}, r"PG_BIN=/nowhere holds no `postgres`"),
    ],
)
def test_a_start_that_cannot_work_says_why(stopped: LocalStack, settings: dict[str, str], message: str) -> None:
    failed = stopped.command("start", **settings)
    assert failed.returncode == 1
    assert re.search(message, failed.stderr), failed.stderr
    assert "Traceback" not in failed.stderr


def test_a_page_that_cannot_be_built_is_a_reason_too(stopped: LocalStack) -> None:
    in_the_way = stopped.folder / "site/page/new"
    in_the_way.mkdir(parents=True)
    failed = stopped.command("start")
    in_the_way.rmdir()
    assert "the page cannot be built: " in failed.stderr
    assert "Traceback" not in failed.stderr


def test_a_taken_port_is_named(stopped: LocalStack) -> None:
    with socket.create_server(("127.0.0.1", int(stopped.environment["AUTH_PORT"]))):
        failed = stopped.command("start")
    assert re.search(rf"port {stopped.environment['AUTH_PORT']} is taken by process \d+ .*AUTH_PORT=", failed.stderr)
