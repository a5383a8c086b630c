"""One PostgreSQL for the whole run, a migrated template per service, and a database per test module."""

import contextlib
import gc
import json
import logging
import os
import sys
import uuid
from collections.abc import AsyncIterator, Callable, Generator, Iterator
from typing import Any

import asyncpg
import pytest
import structlog

from tests.database import DockerServer, EmbeddedServer, Server, Template, server_folder
from tests.distribution import Scheduler, slowest_first
from tests.failures import shorten, waiting_tasks
from tests.waiting import GENEROUS

# httpx looks for it at each request to an app, and a lookup of a missing package is slow.
sys.modules.setdefault("sniffio", None)  # type: ignore[arg-type]

# The tests' servers have no TLS, and to ask each of 3,000 connections for it takes a millisecond.
os.environ.setdefault("PGSSLMODE", "disable")

gc.disable()  # until all tests are collected: imports and test items stay for good


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    slowest_first(items)


def pytest_collection_finish() -> None:
    """Garbage collections skip what stays for good, as in our servers. They took a tenth of the CPU time."""
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)
    gc.enable()


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Scheduler:
    return Scheduler(config, log)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.failed:
        if "from pytest-timeout" in report.longreprtext:
            report.sections.append(("Waiting tasks", waiting_tasks()))
        shorten(report)
    return report


@pytest.fixture(scope="session", autouse=True)
def patience() -> Iterator[None]:
    """A busy machine must not make searches, or the store of rate limits, time out."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("common.db.reading.LONGEST_SEARCH", GENEROUS)
        patch.setattr("common.calls.rate_limit_store.TRIP", GENEROUS)
        yield


@pytest.fixture
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> float:
    """The relay's first pause after a failure: a quarter of the usual one, and so are those that follow."""
    pause = 0.05
    monkeypatch.setattr("common.events.relay.FIRST_PAUSE", pause)
    return pause


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A real PostgreSQL: the embedded one, or one in a container with TEST_POSTGRES=docker."""
    if os.environ.get("TEST_POSTGRES") == "docker":
        with DockerServer() as running:
            yield running
    else:
        with EmbeddedServer(server_folder(tmp_path_factory.mktemp("postgres"))) as running:
            yield running


@pytest.fixture(scope="session")
def templates(server: Server) -> dict[str, Template]:
    """Migrated template databases by service, created at their first use."""
    return Templates(server)


@pytest.fixture(scope="module")
async def database_of(templates: dict[str, Template]) -> AsyncIterator["Cloner"]:
    """Creates a service's database for each module: `await database_of("posts")` -> its name."""
    cloner = Cloner(templates)
    yield cloner
    await cloner.drop()


class Templates(dict[str, Template]):
    """Templates by service."""

    def __init__(self, server: Server) -> None:
        self.server = server

    def __missing__(self, service: str) -> Template:
        return self.setdefault(service, Template(self.server, service))


class Cloner:
    """Clones of the templates, dropped at the end of the module."""

    def __init__(self, templates: dict[str, Template]) -> None:
        self.templates = templates
        self.made: list[tuple[Template, str]] = []

    async def __call__(self, service: str) -> dict[str, str]:
        """The settings for a service's new database."""
        template = self.templates[service]
        name = f"{service}_{uuid.uuid4().hex[:12]}"
        await template.clone(name)
        self.made.append((template, name))
        return template.settings(name)

    async def drop(self) -> None:
        for template, name in self.made:
            await template.drop(name)


FAIL_AT_COMMIT = """
CREATE FUNCTION fail_at_commit() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''commit fails''; END';
CREATE CONSTRAINT TRIGGER fail_at_commit AFTER INSERT ON "{table}" DEFERRABLE INITIALLY DEFERRED
FOR EACH ROW EXECUTE FUNCTION fail_at_commit();
"""


@contextlib.asynccontextmanager
async def commits_fail(server: Server, database: str, table: str) -> AsyncIterator[None]:
    """Let every transaction that inserts into a table fail at its commit."""
    connection = await asyncpg.connect(f"{server.dsn.rpartition('/')[0]}/{database}")
    try:
        await connection.execute(FAIL_AT_COMMIT.format(table=table))
        yield
        await connection.execute(f'DROP TRIGGER fail_at_commit ON "{table}"; DROP FUNCTION fail_at_commit')
    finally:
        await connection.close()


@pytest.fixture(autouse=True)
def logs_end_with_their_test() -> Iterator[None]:
    """Apps log to the stdout at their creation. After a test with `capsys` or a CliRunner, that one is closed."""
    before, handlers = structlog.get_config(), logging.getLogger().handlers[:]
    yield
    structlog.configure(**before)
    logging.getLogger().handlers[:] = handlers


Log = Callable[[], list[dict[str, Any]]]


@pytest.fixture
def log(capsys: pytest.CaptureFixture[str]) -> Log:
    """The log lines of the apps that this test created."""
    return lambda: [json.loads(line) for line in capsys.readouterr().out.splitlines()]
