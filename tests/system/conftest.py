"""A running stack behind its gateway: our own local one, or that of SYSTEM_URL."""

import os
import re
import secrets
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Generator, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from httpx import AsyncClient

from deploy.local.ports import free_port
from deploy.local.state import read_state
from tests.distribution import LOCAL_STACK, module_of
from tests.failures import newest
from tests.system.faults.report import Report, figures
from tests.waiting import GENEROUS

ROOT = Path(__file__).parents[2]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """With SYSTEM_URL, select only the tests that need nothing but a gateway."""
    if os.environ.get("SYSTEM_URL"):
        here = str(Path(__file__).parent)
        items[:] = [
            item
            for item in items
            if not str(item.path).startswith(here)
            or ({"gateway"} <= set(names := getattr(item, "fixturenames", [])) and "local_stack" not in names)
        ]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A failed test also shows the newest log lines of its stack's processes."""
    report = yield
    stack = getattr(item, "funcargs", {}).get("local_stack")
    if report.failed and stack is not None:
        logs = sorted((stack.folder / "logs").glob("*"))
        report.sections += [(f"Log of {log.stem}", newest(log.read_text(errors="replace"))) for log in logs]
    return report


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> None:
    """Stop the local stack after the last of its modules: also without requests it takes CPU time from other tests."""
    stack = item.session.stash.get(STACK, None)
    if stack is None or (nextitem and module_of(nextitem) in LOCAL_STACK):
        return
    modules = {module_of(one) for one in item.session.items if uses_stack(one)}
    if modules <= set(LOCAL_STACK):
        stopped = stack.run("stop")
        assert stopped.returncode == 0, stopped.stdout + stopped.stderr
        del item.session.stash[STACK]


def uses_stack(item: pytest.Item) -> bool:
    return item.path.is_relative_to(Path(__file__).parent) and bool(
        {"local_stack", "url"} & set(getattr(item, "fixturenames", ()))
    )


@dataclass
class LocalStack:
    """The stack of `make start`, with its own folder and ports; posts has two processes, the others have one."""

    folder: Path
    base: int = field(default_factory=lambda: free_port(in_a_row=30))
    environment: dict[str, str] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.base}"

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        """`python -m deploy.local …` for this stack."""
        ours = {
            "REPLICAS_POSTS": "2",
            "CONSOLE": "off",
            **os.environ,
            "LOCAL_DIR": str(self.folder),
            "PORT_BASE": str(self.base),
        }
        ours |= self.environment
        return subprocess.run(
            [sys.executable, "-m", "deploy.local", *command],
            cwd=ROOT,
            env=ours,
            capture_output=True,
            text=True,
            timeout=GENEROUS * 2,
            check=False,
        )

    def console_link(self) -> str:
        """The address of the console, with its token."""
        (link,) = re.findall(r"^console (http\S+)", self.run("status").stdout, re.MULTILINE)
        return str(link)

    def pids(self) -> dict[str, int]:
        """The running processes, by name."""
        state = read_state(self.folder)
        if state is None or not state.running:
            return {}
        return {process.name: process.id.pid for process in state.processes if process.id}


STACK = pytest.StashKey[LocalStack]()


@pytest.fixture(scope="session")
def local_stack(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalStack]:
    stack = LocalStack(tmp_path_factory.mktemp("stack"))
    started = stack.run("start")
    assert started.returncode == 0, started.stdout + started.stderr
    request.session.stash[STACK] = stack
    yield stack
    stopped = stack.run("reset")
    assert stopped.returncode == 0, stopped.stdout + stopped.stderr


@pytest.fixture(scope="session")
def with_console(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalStack]:
    """A stack of its own: its services trace every request, so it would slow down the tests of the other one."""
    settings = {"CONSOLE": "on", "REPLICAS_POSTS": "1", "TRACES_PER_SECOND": "1000"}
    stack = LocalStack(tmp_path_factory.mktemp("console"), environment=settings)
    started = stack.run("start")
    assert started.returncode == 0, started.stdout + started.stderr
    yield stack
    stopped = stack.run("reset")
    assert stopped.returncode == 0, stopped.stdout + stopped.stderr


@pytest.fixture(scope="session")
def report() -> Report:
    """The report for tests of faults: `report.fault(row="R-10", …)`."""
    return Report(figures("faults"))


@pytest.fixture(scope="session")
def url(request: pytest.FixtureRequest) -> str:
    """The gateway's address."""
    elsewhere = os.environ.get("SYSTEM_URL")
    if elsewhere:
        return elsewhere
    stack: LocalStack = request.getfixturevalue("local_stack")
    return stack.url


@pytest.fixture(scope="session")
async def gateway(url: str) -> AsyncIterator[AsyncClient]:
    async with AsyncClient(base_url=url, timeout=GENEROUS, trust_env=False) as client:
        yield client


def example(readme: Path, language: str, url: str) -> tuple[str, str]:
    """The program in a README, for this stack and a new person, and what it prints according to the README."""
    text = readme.read_text(encoding="utf-8")
    program, printed = (text.partition(f"```{kind}\n")[2].partition("```")[0] for kind in (language, "text"))
    return program.replace("http://127.0.0.1:8000", url).replace("ada@", f"{secrets.token_hex(8)}@"), printed


@dataclass
class Person:
    """A person with an account, signed in."""

    id: int
    name: str
    email: str
    password: str
    tokens: dict[str, Any]

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.tokens['access_token']}"}


Meet = Callable[[str], Awaitable[Person]]


async def sign_up(gateway: AsyncClient, name: str) -> Person:
    """A new person, signed in."""
    email, password = f"{secrets.token_hex(8)}@example.com", secrets.token_urlsafe(16)
    new = await gateway.post("/auth/register", json={"email": email, "password": password, "name": name})
    assert new.status_code == 201, new.text
    tokens = await gateway.post("/auth/token", data={"username": email, "password": password})
    assert tokens.status_code == 200, tokens.text
    return Person(new.json()["id"], name, email, password, tokens.json())


@pytest.fixture
def meet(gateway: AsyncClient) -> Meet:
    """Create an account and sign in: `ada = await meet("Ada")`."""
    return partial(sign_up, gateway)
