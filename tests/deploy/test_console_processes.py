"""The console on a running stack, with stubs of the services: it stops, starts and restarts processes."""

import http.client
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from deploy.local.ports import free_port
from deploy.services import STARTED
from tests.deploy.stubs import write_stubs
from tests.deploy.test_runner import LocalStack
from tests.waiting import GENEROUS, wait_until

pytestmark = pytest.mark.stack


class Page:
    """A browser that has opened the link of `make start`."""

    def __init__(self, link: str) -> None:
        self.place = urlsplit(link)
        self.cookie = ""
        self.cookie = self.ask("GET", f"/?{self.place.query}")[1].get("Set-Cookie", "").partition(";")[0]

    def ask(self, method: str, path: str) -> tuple[int, http.client.HTTPMessage, Any]:
        assert self.place.port
        connection = http.client.HTTPConnection("127.0.0.1", self.place.port, timeout=GENEROUS)
        headers = {"Cookie": self.cookie, "Origin": f"http://{self.place.netloc}", "Content-Length": "0"}
        connection.request(method, path, headers=headers)
        reply = connection.getresponse()
        body = reply.read()
        connection.close()
        return reply.status, reply.headers, json.loads(body) if body else None

    def states(self) -> dict[str, str]:
        return {one["name"]: one["state"] for one in self.ask("GET", "/api/stack")[2]["processes"]}

    def acts(self, name: str, what: str) -> tuple[int, str]:
        status, _, body = self.ask("POST", f"/api/processes/{name}/{what}")
        return status, body.get("done") or body["detail"]


@pytest.fixture(scope="module")
def stack(shared_open_folder: Path) -> Iterator[LocalStack]:
    write_stubs(shared_open_folder / "stubs")
    stack = LocalStack(shared_open_folder, CONSOLE="on", CONSOLE_PORT=str(free_port()))
    yield stack
    assert stack.command("reset").returncode == 0
    assert not stack.folder.exists()


def test_a_process_is_stopped_stays_so_and_is_started_and_restarted(stack: LocalStack) -> None:
    started = stack.command("start")
    assert started.returncode == 0, started.stderr
    (link,) = re.findall(r"^console (http\S+)", started.stdout, re.MULTILINE)
    page = Page(link)
    assert set(page.states().values()) == {"up"}

    assert page.acts("users", "stop") == (200, "users is being stopped.")
    wait_until(lambda: page.states()["users"] == "stopped")
    status = stack.command("status")
    assert status.returncode == 1
    assert re.search(r"^users +- .* stopped ", status.stdout, re.MULTILINE)
    assert f"console {link}" in status.stdout
    assert [one["acts"] for one in page.ask("GET", "/api/stack")[2]["processes"] if one["name"] == "users"] == [
        ["start"]
    ]

    assert page.acts("users", "start") == (200, "users is being started.")
    wait_until(lambda: page.states()["users"] == "up")
    before = stack.state().process("users")
    assert page.acts("users", "restart") == (200, "users was restarted.")
    after = stack.state().process("users")
    assert before
    assert after
    assert before.id != after.id

    assert page.acts("users", "stop")[0] == 200
    wait_until(lambda: page.states()["users"] == "stopped")
    assert stack.command("restart", "users").stdout == "users restarted\n", "the command starts it as well"
    assert page.states()["users"] == "up"

    for name, what in (("nobody", "stop"), ("console", "stop"), ("users", "delete")):
        assert page.acts(name, what) == (409, f"the console cannot {what} {name}")
    assert "token" not in (stack.folder / "logs" / "runner.log").read_text()


def test_a_new_start_runs_what_was_stopped_and_keeps_the_link_but_no_cookie(stack: LocalStack) -> None:
    (link,) = re.findall(r"http\S+token\S+", stack.command("status").stdout)
    page = Page(link)
    page.acts("users", "stop")
    wait_until(lambda: page.states()["users"] == "stopped")
    stack.command("stop")
    assert stack.command("start").returncode == 0
    status, _, told = page.ask("GET", "/api/stack")
    assert (status, told["detail"]) == (403, "open the link that `make status` prints")
    assert set(Page(link).states().values()) == {"up"}


def test_the_console_takes_the_last_spans_of_the_services_before_it_stops(stack: LocalStack) -> None:
    stack.command("stop")
    started = stack.command("start", STUB_ASKS_AT_ITS_END=stack.environment["CONSOLE_PORT"])
    assert started.returncode == 0, started.stderr
    stack.command("stop")
    for service in STARTED:
        assert "at its end: 200" in (stack.folder / "logs" / f"{service}.log").read_text()


def test_off_means_no_process_no_port_and_no_link(stack: LocalStack) -> None:
    stack.command("stop")
    started = stack.command("start", CONSOLE="off")
    assert started.returncode == 0
    assert "console" not in started.stdout + stack.command("status", CONSOLE="off").stdout
    assert stack.state().process("console") is None
    stack.command("stop")
    assert "CONSOLE must be on or off" in stack.command("start", CONSOLE="no").stderr
