# folder: only with posts
"""A separate stack of containers, beside one that may be in use: `make test-compose`."""

import json
import os
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest

from deploy.local.ports import free_port
from tests.system.conftest import ROOT


@dataclass
class ComposeStack:
    """docker-compose.yml, started with its own project name and port."""

    name: str
    files: Sequence[Path] = ()
    settings: Mapping[str, str] = field(default_factory=dict)
    """Variables of docker-compose.yml."""
    port: int = field(default_factory=free_port)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def environment(self) -> dict[str, str]:
        ours = {"COMPOSE_PROJECT_NAME": self.name, "PORT": str(self.port)}
        if self.files:
            ours["COMPOSE_FILE"] = ":".join(map(str, (ROOT / "docker-compose.yml", *self.files)))
        return {**os.environ, **ours, **self.settings}

    def run(self, *command: str) -> str:
        """Run a program in the repository's folder, with the settings of this stack."""
        done = subprocess.run(
            command, cwd=ROOT, env=self.environment, capture_output=True, text=True, timeout=300, check=False
        )
        assert done.returncode == 0, f"{command}\n{done.stdout[-2000:]}{done.stderr[-2000:]}"
        return done.stdout.strip()

    def compose(self, *words: str) -> str:
        return self.run("docker", "compose", *words)

    def containers(self, service: str) -> list[str]:
        return self.compose("ps", "--quiet", service).split()

    def pid(self, service: str) -> int:
        """The main process of a service's first container, by its pid on this machine."""
        return int(self.run("docker", "inspect", "--format", "{{.State.Pid}}", self.containers(service)[0]))

    def up(self, *words: str) -> None:
        self.compose("up", "--detach", "--build", "--wait", *words)

    def down(self) -> None:
        self.compose("down", "--volumes", "--timeout", "5")


@pytest.fixture(scope="session")
def compose_stack() -> Iterator[ComposeStack]:
    stack = ComposeStack(f"trivium-test-{os.getpid()}")
    try:
        stack.up("--scale", "posts=2")
        yield stack
    finally:
        stack.down()


@pytest.fixture(scope="session")
def url(compose_stack: ComposeStack) -> str:
    return compose_stack.url


def until(url: str, wanted: int, seconds: float) -> float:
    """The seconds until the answer has this status."""
    begun = time.monotonic()
    with httpx.Client(trust_env=False, timeout=5) as client:
        while (status := status_of(client, url)) != wanted:
            assert time.monotonic() - begun < seconds, f"{url} answers {status} after {seconds} s"
            time.sleep(0.1)
    return time.monotonic() - begun


def status_of(client: httpx.Client, url: str) -> int:
    try:
        return client.get(url).status_code
    except httpx.TransportError:
        return 0


def note(**figures: object) -> None:
    """Record figures in .local/compose.json, one line each."""
    (ROOT / ".local").mkdir(exist_ok=True)
    with (ROOT / ".local" / "compose.json").open("a") as file:
        file.write(json.dumps(figures) + "\n")
