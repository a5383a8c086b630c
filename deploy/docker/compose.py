"""Docker's own commands for the stack of docker-compose.yml; COMPOSE_PROJECT_NAME says which one of several."""

from __future__ import annotations

import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


class DockerFailed(Exception):
    """A command of Docker's failed; its own words have been shown."""


def compose(*words: str) -> str:
    """Run `docker compose …` and return what it printed."""
    return docker("compose", *words)


def docker(*words: str) -> str:
    """Run `docker …` in the clone's folder and return what it printed.

    Raises:
        DockerFailed: its exit code was not 0.
    """
    done = subprocess.run(["docker", *words], cwd=ROOT, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode != 0:
        raise DockerFailed(f"`docker {' '.join(words)}` failed")
    return done.stdout.strip()
