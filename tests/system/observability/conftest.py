# folder: only with posts
"""A local stack with small limits, and a Prometheus that scrapes it every second: `make test-observability`."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import httpx
import pytest
import yaml

from deploy.local.health import is_ready as is_service_ready
from deploy.local.ports import free_port
from deploy.local.processes import spawn
from deploy.local.stack import GATEWAY, POSTGRES, ROOT, Stack
from deploy.local.state import State, read_state
from deploy.observability.files import RULES
from deploy.services import FIRST_PORT, REGISTRY, STARTED
from tests.system.conftest import LocalStack
from tests.waiting import wait_until

PROMETHEUS = os.environ.get("PROMETHEUS", "prometheus")
SMALL = {"REQUESTS_AT_ONCE": "8", "READ_POOL_SIZE": "1", "RATE_LIMITS": "false"}
FURTHER: Final = "further"
"""The `job` of a process that a test adds to the stack."""


@dataclass
class Prometheus:
    """Its HTTP API."""

    url: str

    def query(self, expression: str) -> list[dict[str, Any]]:
        reply = httpx.get(f"{self.url}/api/v1/query", params={"query": expression}, trust_env=False)
        assert reply.status_code == 200, f"{expression}: {reply.text}"
        found: list[dict[str, Any]] = reply.json()["data"]["result"]
        return found

    def firing(self) -> set[tuple[str, str]]:
        """Name and `job` of each alert that fires."""
        alerts = httpx.get(f"{self.url}/api/v1/alerts", trust_env=False).json()["data"]["alerts"]
        return {
            (one["labels"]["alertname"], one["labels"].get("job", "")) for one in alerts if one["state"] == "firing"
        }


@pytest.fixture(scope="session")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalStack]:
    stack = LocalStack(tmp_path_factory.mktemp("watched"), environment=SMALL)
    started = stack.run("start")
    assert started.returncode == 0, started.stdout + started.stderr
    yield stack
    stopped = stack.run("reset")
    assert stopped.returncode == 0, stopped.stdout + stopped.stderr


def state_of(stack: LocalStack) -> State:
    state = read_state(stack.folder)
    assert state is not None
    return state


@dataclass
class Further:
    """A place for one more process of posts, with settings and faults of its own, on the stack's database."""

    stack: LocalStack
    port: int

    @contextmanager
    def process(self, settings: Mapping[str, str], out: Path | None = None) -> Iterator[str]:
        """Yields its address. `out` takes its log instead of a file beside the others'."""
        ports = {name: self.stack.base + REGISTRY[name].port - FIRST_PORT for name in STARTED}
        place = Stack(self.stack.folder, {**ports, GATEWAY: self.stack.base}, None)
        postgres = state_of(self.stack).process(POSTGRES)
        assert postgres is not None
        environment = {**place.service_environment("posts", postgres.port), **settings}
        command = [sys.executable, "-m", "posts", "serve", "--port", str(self.port)]
        path = out or place.logs / f"{FURTHER}.log"
        with path.open("wb") as log:
            process = spawn(command, log=log, on_our_death=signal.SIGKILL, environment=environment, cwd=ROOT)

        def has_started() -> bool:
            assert process.poll() is None, f"it does not start: see {path}"
            return is_service_ready(self.port, "/readyz")

        try:
            wait_until(has_started, 0.1)
            yield f"http://127.0.0.1:{self.port}"
        finally:
            process.kill()
            process.wait()


@pytest.fixture(scope="session")
def further(watched: LocalStack) -> Further:
    return Further(watched, free_port())


def targets(stack: LocalStack) -> dict[str, list[str]]:
    """The addresses of each service's processes."""
    found: dict[str, list[str]] = {}
    for process in state_of(stack).processes:
        service = process.name.split("-")[0]
        if service in STARTED:
            found.setdefault(service, []).append(f"127.0.0.1:{process.port}")
    return found


@pytest.fixture(scope="session")
def prometheus(watched: LocalStack, further: Further, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prometheus]:
    """With our rules, whose waiting times (`for`) are shortened to a second."""
    folder = tmp_path_factory.mktemp("prometheus")
    rules = yaml.safe_load(RULES.read_text())
    for group in rules["groups"]:
        for rule in group["rules"]:
            if "for" in rule:
                rule["for"] = "1s"
    (folder / "rules.yml").write_text(yaml.safe_dump(rules))
    jobs = {**targets(watched), FURTHER: [f"127.0.0.1:{further.port}"]}
    config = {
        "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
        "rule_files": ["rules.yml"],
        "scrape_configs": [
            {"job_name": job, "static_configs": [{"targets": addresses}]} for job, addresses in jobs.items()
        ],
    }
    (folder / "prometheus.yml").write_text(json.dumps(config))
    port = free_port()
    with run_prometheus(folder, port) as process:
        made = Prometheus(f"http://127.0.0.1:{port}")
        wait_until(lambda: is_ready(made.url), 0.2)
        yield made
        process.terminate()


def run_prometheus(folder: Path, port: int) -> "subprocess.Popen[bytes]":
    places = [f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/data"]
    with (folder / "log").open("wb") as log:
        return subprocess.Popen([PROMETHEUS, *places, f"--web.listen-address=127.0.0.1:{port}"], stdout=log, stderr=log)


def is_ready(url: str) -> bool:
    try:
        return httpx.get(f"{url}/-/ready", trust_env=False).status_code == 200
    except httpx.TransportError:
        return False
