# folder: only with posts
"""A local stack with small limits, and a Prometheus that scrapes it every second: `make test-observability`."""

import json
import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from deploy.local.ports import free_port
from deploy.local.state import read_state
from deploy.observability.files import RULES
from deploy.services import STARTED
from tests.system.conftest import LocalStack
from tests.waiting import wait_until

PROMETHEUS = os.environ.get("PROMETHEUS", "prometheus")
SMALL = {"REQUESTS_AT_ONCE": "8", "READ_POOL_SIZE": "1", "RATE_LIMITS": "false"}


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


def targets(stack: LocalStack) -> dict[str, list[str]]:
    """The addresses of each service's processes."""
    state = read_state(stack.folder)
    assert state is not None
    found: dict[str, list[str]] = {}
    for process in state.processes:
        service = process.name.split("-")[0]
        if service in STARTED:
            found.setdefault(service, []).append(f"127.0.0.1:{process.port}")
    return found


@pytest.fixture(scope="session")
def prometheus(watched: LocalStack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prometheus]:
    """With our rules, whose waiting times (`for`) are shortened to a second."""
    folder = tmp_path_factory.mktemp("prometheus")
    rules = yaml.safe_load(RULES.read_text())
    for group in rules["groups"]:
        for rule in group["rules"]:
            if "for" in rule:
                rule["for"] = "1s"
    (folder / "rules.yml").write_text(yaml.safe_dump(rules))
    config = {
        "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
        "rule_files": ["rules.yml"],
        "scrape_configs": [
            {"job_name": job, "static_configs": [{"targets": addresses}]} for job, addresses in targets(watched).items()
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
